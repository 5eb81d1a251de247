import type { ContainerInfo } from 'dockerode';
import type { Container } from '../../src/control/discovery/docker/container.ts';
import type { ContainerDetails } from '../../src/control/discovery/docker/details.ts';
import type { Engine, StopBehaviour } from '../../src/control/discovery/docker/engine.ts';
import type { EngineEvent } from '../../src/control/discovery/docker/event.ts';

/** A 64-digit id that begins with these digits. */
export function containerId(start: string): string {
  return start.padEnd(64, '0');
}

/** A running container on one bridge network that exposes port 80, but for what the test says. */
export function makeContainer(parts: Partial<Container> = {}): Container {
  return {
    id: containerId('abc'),
    name: 'shop-1',
    image: 'my/shop',
    labels: { 'fairlead.host': 'shop.localhost' },
    refused: [],
    state: 'running',
    health: 'none',
    ports: [80],
    published: [],
    networks: [{ name: 'bridge', id: 'net-bridge', address: '172.17.0.2' }],
    isOnHostNetwork: false,
    createdAt: 1_700_000_000_000,
    ...parts,
  };
}

export interface EntryParts {
  readonly id: string;
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly state?: string;
  readonly status?: string;
  readonly address?: string;
}

/** An entry of the Engine's list: a container on the default bridge that exposes port 80. */
export function makeEntry(parts: EntryParts): ContainerInfo {
  const { id, name = `shop-${id}`, labels = { 'fairlead.host': 'shop.localhost' } } = parts;
  const { state = 'running', status = 'Up 2 minutes', address = '172.17.0.2' } = parts;
  const entry = {
    Id: containerId(id),
    Names: [`/${name}`],
    Image: 'my/shop',
    Created: 1_700_000_000,
    Ports: [{ PrivatePort: 80, Type: 'tcp' }],
    Labels: labels,
    State: state,
    Status: status,
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings: {
      Networks: { bridge: { NetworkID: 'net-bridge', IPAddress: state === 'running' ? address : '' } },
    },
  };
  return entry as unknown as ContainerInfo;
}

/** What was asked of a `FakeEngine`: the ids, or `all`. */
export type Question = 'all' | readonly string[];

/** An Engine that a test plays. */
export class FakeEngine implements Engine {
  entries: ContainerInfo[] = [];
  /** Drivers by network id; undefined: the question is forbidden. */
  drivers: Map<string, string> | undefined = new Map([['net-bridge', 'bridge']]);
  /** What inspections say, by container id. */
  readonly inspections = new Map<string, ContainerDetails>();
  inspected = 0;
  stopSignals: Record<string, string> = {};
  stopTimeoutMs = 10_000;
  /** While it is set nothing answers, and this is why. */
  failure: Error | undefined;
  readonly questions: Question[] = [];
  negotiations = 0;
  #hold: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  #stream: { onEvent: (event: EngineEvent | undefined) => void; end: (error?: Error) => void } | undefined;

  async negotiate() {
    this.negotiations++;
    if (this.failure !== undefined) throw this.failure;
    return { version: '28.0.0', api: '1.48' };
  }

  async containers(ids?: readonly string[]): Promise<ContainerInfo[]> {
    this.questions.push(ids ?? 'all');
    if (this.failure !== undefined) throw this.failure;
    const answer = this.entries.filter((entry) => ids?.includes(entry?.Id) ?? true);
    await this.#hold;
    return structuredClone(answer);
  }

  async networkDrivers(): Promise<Map<string, string>> {
    if (this.drivers === undefined) throw new Error('403 Forbidden');
    return this.drivers;
  }

  async details(id: string): Promise<ContainerDetails> {
    this.inspected++;
    const details = this.inspections.get(id);
    if (details === undefined) throw new Error('403 Forbidden');
    return details;
  }

  async stopBehaviour(id: string): Promise<StopBehaviour> {
    await this.#hold;
    return { signal: this.stopSignals[id] ?? 'SIGTERM', timeoutMs: this.stopTimeoutMs };
  }

  events(
    onEvent: (event: EngineEvent | undefined) => void,
    onOpen: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => {
        this.#stream = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#stream = { onEvent, end };
      signal.addEventListener('abort', () => end(new Error('This operation was aborted')));
      onOpen();
    });
  }

  get isFollowed(): boolean {
    return this.#stream !== undefined;
  }

  /** Lets something happen to the container whose id begins so. */
  emit(start: string, action: string, signal = Number.NaN, health?: EngineEvent['health']): void {
    this.#stream?.onEvent({ containerId: containerId(start), action, signal, ...(health && { health }) });
  }

  /** Lets that container end by itself. */
  emitEnd(start: string, exitCode: number): void {
    this.#stream?.onEvent({ containerId: containerId(start), action: 'die', signal: Number.NaN, exitCode });
  }

  /** An event that is not understood. */
  emitNonsense(): void {
    this.#stream?.onEvent(undefined);
  }

  /** Ends the event stream: in order, or by an error. */
  endStream(error?: Error): void {
    this.#stream?.end(error);
  }

  /** Answers only wait from now on; what they say is what is true when they are asked for. */
  holdAnswers(): void {
    this.#hold = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  releaseAnswers(): void {
    this.#release();
  }
}
