import { PREFIX } from '../../../model/keys/key.ts';
import type { Container } from './container.ts';
import type { Engine } from './engine.ts';

/** What the list of an Engine may leave out about a container. */
export interface ContainerDetails {
  /** TCP ports that it exposes, ascending. */
  readonly ports: readonly number[];
  readonly isOnHostNetwork: boolean;
}

/** How many questions are asked at the same time. */
const AT_ONCE = 8;

/**
 * Asks for what the list of an Engine leaves out. Podman's list never has the ports that an image exposes, and does not say
 * who is on the host's network; Docker's list lacks the ports of containers on an internal network or on the network of
 * another container. All of this never changes for a container, so each of ours that has no port yet is asked for once.
 */
export class Details {
  readonly #engine: Engine;
  readonly #known = new Map<string, ContainerDetails>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Adds to a container what is known of it. */
  add(container: Container): Container {
    const details = this.#known.get(container.id);
    if (details === undefined) return container;
    const ports = container.ports.length > 0 ? container.ports : details.ports;
    return { ...container, ports, isOnHostNetwork: details.isOnHostNetwork };
  }

  /** Asks for what is missing, and returns the ids of the containers that more is known of now. The next call asks failed questions again. */
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

  /** Forgets all containers but these. */
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
