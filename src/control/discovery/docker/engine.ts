import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { type Container, parseHealth } from './container.ts';

/** The API versions that this client was written for; the Engine's newest within them is used. */
const NEWEST_API = '1.51';

/** How long a question to the Engine may take, in milliseconds. */
const QUESTION_MS = 10_000;

/** What may change where traffic goes: of containers, and of their networks. */
const EVENTS = {
  type: ['container', 'network'] as ('container' | 'network')[],
  event: [
    ...['start', 'die', 'kill', 'stop', 'pause', 'unpause', 'destroy', 'rename', 'update', 'health_status'],
    ...['connect', 'disconnect'],
  ],
};

/** Something that happened to a container. */
export interface EngineEvent {
  readonly containerId: string;
  /** `start`, `die`, `kill`…, `connect`, `disconnect`. */
  readonly action: string;
  /** Number of the signal of a `kill`; NaN otherwise. */
  readonly signal: number;
  /** What a `health_status` found. */
  readonly health?: Container['health'];
}

/** What `docker stop` does to a container. */
export interface StopBehaviour {
  readonly signal: string;
  /** How long it then waits before it kills. */
  readonly timeoutMs: number;
}

/** The questions that we ask a Docker Engine: all of them GET. Each rejects when the Engine does not answer. */
export interface Engine {
  /** Agrees on an API version, and answers what the Engine is. */
  negotiate(): Promise<{ readonly version: string; readonly api: string }>;
  /** All containers, also stopped ones; or those of the given ids. */
  containers(ids?: readonly string[]): Promise<Docker.ContainerInfo[]>;
  /** Drivers of the networks, by id. */
  networkDrivers(): Promise<Map<string, string>>;
  /** How the container is stopped, as it was created. */
  stopBehaviour(containerId: string): Promise<StopBehaviour>;
  /** Calls back for each event until the stream ends, which resolves, or breaks, which rejects. */
  events(onEvent: (event: EngineEvent) => void, onOpen: () => void, signal: AbortSignal): Promise<void>;
}

/**
 * An Engine by dockerode.
 * @param endpoint `unix:///PATH` or `tcp://HOST:PORT`
 * @param certsDir folder with ca.pem, cert.pem and key.pem, for TLS. Throws when they cannot be read.
 */
export function connectEngine(endpoint: string, certsDir: string | undefined): Engine {
  const options = dockerOptions(endpoint, certsDir);
  let docker = new Docker(options);
  const timed = () => AbortSignal.timeout(QUESTION_MS);
  return {
    async negotiate() {
      const { Version, ApiVersion, MinAPIVersion } = await withTimeout(new Docker(options).version());
      const api = chooseApi(ApiVersion, MinAPIVersion);
      docker = new Docker({ ...options, version: `v${api}` });
      return { version: Version, api };
    },
    containers(ids) {
      const filters = ids === undefined ? undefined : { id: [...ids] };
      return docker.listContainers({ all: true, ...(filters && { filters }), abortSignal: timed() });
    },
    async networkDrivers() {
      const networks = await docker.listNetworks({ abortSignal: timed() });
      return new Map(networks.map((network) => [network.Id, network.Driver]));
    },
    async stopBehaviour(containerId) {
      const { Config } = await docker.getContainer(containerId).inspect({ abortSignal: timed() });
      const { StopSignal, StopTimeout } = Config as { StopSignal?: string; StopTimeout?: number };
      return { signal: StopSignal || 'SIGTERM', timeoutMs: (StopTimeout ?? 10) * 1_000 };
    },
    async events(onEvent, onOpen, signal) {
      const stream = await docker.getEvents({ filters: EVENTS, abortSignal: signal });
      onOpen();
      for await (const line of createInterface({ input: stream as unknown as Readable })) {
        const event = readEvent(line);
        if (event !== undefined) onEvent(event);
      }
    },
  };
}

/** dockerode fills what is missing from the environment, so everything is said. */
function dockerOptions(endpoint: string, certsDir: string | undefined): Docker.DockerOptions {
  const nothing = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    pathPrefix: undefined,
    timeout: undefined,
  };
  if (endpoint.startsWith('unix://')) {
    return {
      ...nothing,
      socketPath: endpoint.slice('unix://'.length),
      protocol: 'http',
    } as Docker.DockerOptions;
  }
  const { hostname, port } = new URL(endpoint.replace(/^tcp:/, 'http:'));
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
  if (certsDir === undefined) return { ...nothing, ...address, protocol: 'http' } as Docker.DockerOptions;
  const read = (name: string) => readFileSync(join(certsDir, name));
  return {
    ...nothing,
    ...address,
    protocol: 'https',
    ca: read('ca.pem'),
    cert: read('cert.pem'),
    key: read('key.pem'),
  } as Docker.DockerOptions;
}

/** The newest version that both sides know; an Engine that is newer than that may have a lower limit. */
export function chooseApi(newest: string, oldest: string | undefined): string {
  if (compareVersions(newest, NEWEST_API) <= 0) return newest;
  return oldest !== undefined && compareVersions(oldest, NEWEST_API) > 0 ? oldest : NEWEST_API;
}

function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

/** `version` takes no abort signal. */
async function withTimeout<T>(answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${QUESTION_MS} ms`)), QUESTION_MS);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}

interface RawEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

/** An event that is not understood is passed over: the next full list makes up for it. */
export function readEvent(line: string): EngineEvent | undefined {
  let raw: RawEvent;
  try {
    raw = JSON.parse(line);
  } catch {
    return undefined;
  }
  const attributes = raw?.Actor?.Attributes ?? {};
  const containerId = raw?.Type === 'network' ? attributes['container'] : raw?.Actor?.ID;
  if (typeof containerId !== 'string' || typeof raw.Action !== 'string') return undefined;
  // `health_status: healthy` carries its result in its name.
  const [action = '', result = ''] = raw.Action.split(': ', 2);
  const health = parseHealth(result);
  return {
    containerId,
    action,
    signal: Number(attributes['signal'] ?? Number.NaN),
    ...(health && { health }),
  };
}

/** What to do about an Engine that does not answer, in a sentence. */
export function explainEngineError(error: unknown, endpoint: string): string {
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return `${endpoint} did not answer in time`;
  switch (code) {
    case 'ENOENT':
      return `there is no ${endpoint}: is Docker running, and its socket mounted?`;
    case 'ECONNREFUSED':
      return `nobody answers at ${endpoint}: is Docker running?`;
    case 'EACCES':
      return `no permission for ${endpoint}: be in its group (docker run --group-add $(stat -c %g SOCKET), usermod -aG docker USER)`;
    case 'ECONNRESET':
      return `the connection to ${endpoint} broke`;
    default:
      return message || code || String(error);
  }
}
