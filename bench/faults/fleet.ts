import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, uniqueName } from '../../test/support/docker.ts';
import { readReceived } from '../../test/support/received.ts';

export interface FleetOptions {
  readonly image: string;
  /** Labels of all containers, besides the host's. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Variables of all containers. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A container that serves on a fixed address, so that proxies with a static configuration find it too. */
export interface FleetBackend {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
}

const COUNT = 3;
const PORT = 8080;
/** One run at a time: its network has a fixed range. */
const NETWORK = 'fl-faults';
/** Outside of what Docker picks for networks of its own choice. */
const SUBNET = '10.213.7';
/** Milliseconds that a request takes. */
const WORK = '5';

/** Three containers of the test application on a network of their own. */
export class Fleet {
  readonly host = 'faults.localhost';
  readonly network = NETWORK;
  readonly backends: readonly FleetBackend[];
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.backends = Array.from({ length: COUNT }, (_, index) => ({
      name: uniqueName('faults'),
      ip: `${SUBNET}.${index + 10}`,
      port: PORT,
    }));
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-faults-'));
    await chmod(folder, 0o777);
    const fleet = new Fleet(folder);
    await removeRemains();
    try {
      await docker('network', 'create', '--subnet', `${SUBNET}.0/24`, fleet.network);
      await Promise.all(fleet.backends.map((backend) => fleet.#run(backend, options)));
      await Promise.all(fleet.backends.map((backend) => fleet.serves(backend)));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  async #run({ name, ip }: FleetBackend, { image, labels = {}, env = {} }: FleetOptions): Promise<void> {
    const allLabels = { [NETWORK]: 'true', 'fairlead.host': this.host, ...labels };
    const allEnv = { NAME: name, WORK, RECEIVED: '/received', ...env };
    await docker(
      ...['run', '-d', '--name', name, '--network', this.network, '--ip', ip],
      ...['-v', `${this.#folder}:/received`],
      ...Object.entries(allLabels).flatMap(([key, value]) => ['-l', `${key}=${value}`]),
      ...Object.entries(allEnv).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
      image,
    );
  }

  /** The one that faults happen to. */
  get victim(): FleetBackend {
    return this.backends[0] as FleetBackend;
  }

  /** Asks a backend directly, behind the proxy's back. */
  async tell({ ip, port }: FleetBackend, path: string, method = 'GET'): Promise<void> {
    await (await fetch(`http://${ip}:${port}${path}`, { method })).text();
  }

  /** Resolves when the backend answers. */
  async serves(backend: FleetBackend): Promise<void> {
    for (let i = 0; i < 400; i++) {
      const ok = await this.tell(backend, '/healthz').then(
        () => true,
        () => false,
      );
      if (ok) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`${backend.name} does not answer`);
  }

  /** The ids of the requests that reached each backend. */
  received(): Promise<Map<string, string[]>> {
    return readReceived(this.#folder);
  }

  async stop(): Promise<void> {
    await removeRemains();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Removes the containers and the network of this run, or of one that was interrupted. */
async function removeRemains(): Promise<void> {
  const names = await docker('ps', '-aq', '--filter', `label=${NETWORK}`);
  if (names !== '') await docker('rm', '-f', ...names.split('\n'));
  await docker('network', 'rm', NETWORK).catch(() => {});
}
