import { PREFIX } from '../../../model/keys/key.ts';
import type { Container } from './container.ts';
import type { Engine } from './engine.ts';

/** What the list of an Engine leaves out of a container. */
export interface ContainerDetails {
  /** TCP ports that it exposes, ascending. */
  readonly ports: readonly number[];
  readonly isOnHostNetwork: boolean;
}

/** Questions that wait for their answers at one time. */
const AT_ONCE = 8;

/**
 * The ports that an image exposes, where the list leaves them out: Podman's always does, Docker's for containers on an
 * internal network or on that of another container. Podman's does not say either who is on the host's network. It does not
 * change in the life of a container, and is asked for once, of those that are ours and have no port yet.
 */
export class Details {
  readonly #engine: Engine;
  readonly #known = new Map<string, ContainerDetails>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The container with what is known of it. */
  add(container: Container): Container {
    const details = this.#known.get(container.id);
    if (details === undefined) return container;
    const ports = container.ports.length > 0 ? container.ports : details.ports;
    return { ...container, ports, isOnHostNetwork: details.isOnHostNetwork };
  }

  /** Asks for what is missing. Answers the ids of those that more is known of now; a question that fails is asked again. */
  async ask(containers: readonly Container[]): Promise<ReadonlySet<string>> {
    const missing = containers.filter((one) => isMissed(one) && !this.#known.has(one.id)).map(({ id }) => id);
    const learned = new Set<string>();
    const askNext = async () => {
      for (let id = missing.pop(); id !== undefined; id = missing.pop()) {
        const details = await this.#engine.details(id).catch(() => undefined);
        if (details === undefined) continue;
        this.#known.set(id, details);
        learned.add(id);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, missing.length) }, askNext));
    return learned;
  }

  /** Forgets the others. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}

function isMissed({ isBrief, isOnHostNetwork, ports, networks, state, labels }: Container): boolean {
  if (ports.length > 0 || isOnHostNetwork || state !== 'running') return false;
  const own = Object.keys(labels).filter((label) => label.startsWith(PREFIX));
  const saysPort = own.some((label) => label.endsWith('.port'));
  return own.length > 0 && (!saysPort || (isBrief === true && networks.length === 0));
}
