import type { Test } from 'tap';
import type { LiveService } from '../../../src/admin/state.ts';
import type { Answer, AskOptions } from '../../support/client.ts';
import { type RunOptions, runContainer, uniqueName } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import type { StartFairlead, TestFairlead } from '../../support/fairlead.ts';

/** What the claims about containers are made with. */
export interface ClaimContext {
  readonly image: string;
  readonly start: StartFairlead;
}

/** A host of its own and the containers that claim it. */
export class Fleet {
  readonly host = `${uniqueName('h')}.localhost`;
  readonly fairlead: TestFairlead;
  readonly #test: Test;
  readonly #image: string;

  constructor(test: Test, image: string, fairlead: TestFairlead) {
    this.#test = test;
    this.#image = image;
    this.fairlead = fairlead;
  }

  /** Runs a container with the host's label and these, and answers its name. */
  add(
    labels: Readonly<Record<string, string>> = {},
    options: Omit<RunOptions, 'labels'> = {},
  ): Promise<string> {
    return runContainer(this.#test, this.#image, {
      ...options,
      labels: { 'fairlead.host': this.host, ...labels },
    });
  }

  /** Runs as many with the same labels, and waits until all are available. */
  async addAll(count: number, labels: Readonly<Record<string, string>> = {}, env = {}): Promise<string[]> {
    const names: string[] = [];
    for (let i = 0; i < count; i++) names.push(await this.add(labels, { env }));
    await this.available(names);
    return names;
  }

  ask(options: AskOptions = {}): Promise<Answer> {
    return this.fairlead.ask({ host: this.host, ...options });
  }

  async service(): Promise<LiveService | undefined> {
    return (await this.fairlead.state()).services.find((candidate) => candidate.name === this.host);
  }

  /** The flags of each backend, by its name; an empty text is available. */
  async flags(): Promise<Map<string, string>> {
    const service = await this.service();
    return new Map(service?.backends.map(({ name, health }) => [name, health.flags.join()]));
  }

  /** Waits until these, and no others, are available. */
  async available(names: readonly string[]): Promise<void> {
    await eventually(`available: ${names.join()}`, async () => {
      const up = [...(await this.flags())].filter(([, flags]) => flags === '').map(([name]) => name);
      return up.sort().join() === [...names].sort().join();
    });
  }

  /** Waits until a backend has these flags. */
  async flagged(name: string, flags: string): Promise<void> {
    await eventually(`${name} is ${flags}`, async () => (await this.flags()).get(name) === flags);
  }

  /** Who answered how often. */
  async tally(requests: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (let i = 0; i < requests; i++) {
      const { body } = await this.ask();
      counts.set(body, (counts.get(body) ?? 0) + 1);
    }
    return counts;
  }
}

/** A Fairlead and a host of its own. */
export async function startFleet(t: Test, { image, start }: ClaimContext): Promise<Fleet> {
  return new Fleet(t, image, await start(t));
}
