import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { boundAnswers } from './bound-answers.ts';
import type { ContainerDetails } from './details.ts';
import type { EventfulEngine } from './engine-connection.ts';
import { type EngineEvent, EVENTS, readEvent } from './event.ts';
import { readLines } from './event-lines.ts';
import { fieldsOf, portOf, textOf } from './untyped.ts';

/** The newest API version that this client was written for. The newest version of the Engine up to it is used. */
const NEWEST_API = '1.51';

/** Listing begins after so long without an answer, in milliseconds: Podman sends the head of its answer only with the first event. */
const SILENT_MS = 500;

/** The longest time to stop that is taken into account, in seconds; also used for containers that may take for ever. */
const MAX_STOP_S = 86_400;

/** What `docker stop` does to a container. */
export interface StopBehaviour {
  readonly signal: string;
  /** How long Docker waits before it kills the container, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * The questions to a Docker Engine, all of them by GET. Each rejects when the Engine does not answer, or does not answer
 * like an Engine. Single entries of an answer are not checked here.
 */
export interface Engine extends EventfulEngine<EngineEvent> {
  /** The entries of all containers, stopped ones too; or of the containers with the given ids. */
  containers(ids?: readonly string[]): Promise<readonly unknown[]>;
  /** The drivers of the networks, by network id. */
  networkDrivers(): Promise<Map<string, string>>;
  /** Asks for what the list may leave out about a container. */
  details(containerId: string): Promise<ContainerDetails>;
  /** How the container is stopped, as it was configured when it was created. */
  stopBehaviour(containerId: string): Promise<StopBehaviour>;
}

/**
 * Asks an Engine by dockerode. Throws when the certificates cannot be read.
 * @param endpoint `unix:///PATH` or `tcp://HOST:PORT`
 * @param certsDir the folder with ca.pem, cert.pem and key.pem, for TLS
 */
export function connectEngine(endpoint: string, certsDir: string | undefined): Engine {
  const options = dockerOptions(endpoint, certsDir);
  let docker = boundAnswers(new Docker(options));
  return {
    async negotiate() {
      const answer = fieldsOf(await boundAnswers(new Docker(options)).version());
      const api = chooseApi(textOf(answer['ApiVersion']), textOf(answer['MinAPIVersion']));
      docker = boundAnswers(new Docker({ ...options, version: `v${api}` }));
      return { version: textOf(answer['Version']), api };
    },
    async containers(ids) {
      const filters = ids === undefined ? undefined : { id: [...ids] };
      return listed(await docker.listContainers({ all: true, ...(filters && { filters }) }));
    },
    async networkDrivers() {
      const networks = listed(await docker.listNetworks()).map(fieldsOf);
      return new Map(networks.map((network) => [textOf(network['Id']), textOf(network['Driver'])]));
    },
    async details(containerId) {
      return readDetails(await docker.getContainer(containerId).inspect());
    },
    async stopBehaviour(containerId) {
      return readStopBehaviour(await docker.getContainer(containerId).inspect());
    },
    async events(onEvent, onOpen, signal) {
      let isOpen = false;
      const open = () => {
        if (!isOpen && !signal.aborted) onOpen();
        isOpen = true;
      };
      const timer = setTimeout(open, SILENT_MS);
      try {
        const stream = await docker.getEvents({ filters: EVENTS, abortSignal: signal });
        open();
        for await (const line of readLines(stream as unknown as AsyncIterable<Buffer>)) {
          if (line !== '') onEvent(line === undefined ? undefined : readEvent(line));
        }
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Checks that an answer is a list. */
function listed(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new Error('its answer is no list: is that a Docker Engine?');
  return answer;
}

function readDetails(answer: unknown): ContainerDetails {
  const { Config, HostConfig } = fieldsOf(answer);
  // A port is written as `8080/tcp`.
  const exposed = Object.keys(fieldsOf(fieldsOf(Config)['ExposedPorts']));
  const ports = exposed.flatMap((text) => portOf(Number(/^(\d+)\/tcp$/.exec(text)?.[1])) ?? []);
  const isOnHostNetwork = fieldsOf(HostConfig)['NetworkMode'] === 'host';
  return { ports: ports.sort((a, b) => a - b), isOnHostNetwork };
}

function readStopBehaviour(answer: unknown): StopBehaviour {
  const { StopSignal, StopTimeout } = fieldsOf(fieldsOf(answer)['Config']);
  const seconds = typeof StopTimeout === 'number' ? StopTimeout : 10;
  return {
    signal: textOf(StopSignal) || 'SIGTERM',
    // A negative number means that Docker waits for ever.
    timeoutMs: 1_000 * (seconds < 0 ? MAX_STOP_S : Math.min(seconds, MAX_STOP_S)),
  };
}

/** The options for dockerode. All are set, since dockerode takes missing ones from the environment. */
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

/**
 * The newest version that both sides know. An Engine may be so new that it refuses that one; then its oldest version is
 * used. Throws when `newest` is not a version.
 * @param oldest the oldest version that the Engine supports; empty if unknown
 */
export function chooseApi(newest: string, oldest: string): string {
  if (!isVersion(newest)) throw new Error('its answer names no version: is that a Docker Engine?');
  if (compareVersions(newest, NEWEST_API) <= 0) return newest;
  return isVersion(oldest) && compareVersions(oldest, NEWEST_API) > 0 ? oldest : NEWEST_API;
}

function isVersion(text: string): boolean {
  return /^\d{1,5}\.\d{1,5}$/.test(text);
}

function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}
