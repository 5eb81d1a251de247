import t, { type Test } from 'tap';
import { MemoryOverrideStore, type Override, type OverrideStore } from '../../src/control/override-store.ts';
import { guarded } from '../../src/telemetry/internal-errors.ts';
import { eventually } from './eventually.ts';

/** One store as two Fairleads see it. */
export interface TwoViews {
  readonly here: OverrideStore;
  readonly there: OverrideStore;
}

/** A store that keeps text, far away: whatever is asked of it is answered a turn later, or not at all. */
export class DistantStore implements OverrideStore {
  readonly #memory = new MemoryOverrideStore();
  /** Why nothing is answered. */
  failure: Error | undefined;

  async read(): Promise<ReadonlyMap<string, unknown>> {
    await this.#travel();
    const all = await this.#memory.read();
    return new Map([...all].map(([id, value]) => [id, JSON.parse(JSON.stringify(value))]));
  }

  async write(id: string, override: Override | undefined): Promise<void> {
    await this.#travel();
    await this.#memory.write(id, override);
  }

  watch(onWrite: (id: string, value: unknown) => void, signal: AbortSignal): void {
    const hear = guarded('source', onWrite);
    const tell = (id: string, value: unknown) => {
      const text = value === undefined ? undefined : JSON.stringify(value);
      setImmediate(() => {
        if (!signal.aborted) hear(id, text === undefined ? undefined : JSON.parse(text));
      });
    };
    this.#memory.watch(tell, signal);
  }

  /** Writes what no Fairlead would. */
  async scribble(id: string, value: unknown): Promise<void> {
    await this.#memory.write(id, value as Override);
  }

  async #travel(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failure !== undefined) throw this.failure;
  }
}

const DRAIN: Override = { state: 'drain', at: 1_000 };
const WEIGHT: Override = { weight: 0, at: 2_000 };

/** What holds for whatever stands behind `OverrideStore`. */
export function itKeepsOverrides(name: string, open: (t: Test) => TwoViews | Promise<TwoViews>): void {
  t.test(`${name}: what one has written the other reads`, async (t) => {
    const { here, there } = await open(t);
    t.strictSame(await there.read(), new Map());
    await here.write('shop/a:80', DRAIN);
    await here.write('shop/b:80', WEIGHT);
    await here.write('shop/a:80', { ...DRAIN, state: 'maintenance' });
    t.strictSame([...(await there.read())].toSorted(), [
      ['shop/a:80', { ...DRAIN, state: 'maintenance' }],
      ['shop/b:80', WEIGHT],
    ]);
    await there.write('shop/a:80', undefined);
    t.strictSame(await here.read(), new Map([['shop/b:80', WEIGHT]]));
  });

  t.test(
    `${name}: whoever watches is told of each write, by whomever, in order, until the end`,
    async (t) => {
      const { here, there } = await open(t);
      await here.write('shop/a:80', DRAIN);
      const told: [string, unknown][] = [];
      const watching = new AbortController();
      there.watch((id, value) => told.push([id, value]), watching.signal);
      await here.write('shop/b:80', WEIGHT);
      await there.write('shop/a:80', WEIGHT);
      await here.write('shop/b:80', undefined);
      await eventually('all is told', () => told.length >= 3);
      t.strictSame(told, [
        ['shop/b:80', WEIGHT],
        ['shop/a:80', WEIGHT],
        ['shop/b:80', undefined],
      ]);
      watching.abort();
      await here.write('shop/c:80', DRAIN);
      const later: string[] = [];
      there.watch((id) => later.push(id), new AbortController().signal);
      await here.write('shop/d:80', DRAIN);
      await eventually('the last is told to others', () => later.includes('shop/d:80'));
      t.equal(told.length, 3);
    },
  );

  t.test(`${name}: one who is told and throws keeps no other from hearing`, async (t) => {
    const { here, there } = await open(t);
    const { signal } = new AbortController();
    const told: string[] = [];
    there.watch(() => {
      throw new Error('injected');
    }, signal);
    there.watch((id) => told.push(id), signal);
    await here.write('shop/a:80', DRAIN);
    await eventually('it is told', () => told.length === 1);
    t.strictSame(told, ['shop/a:80']);
  });

  t.test(`${name}: what was read is not changed by what is written later`, async (t) => {
    const { here } = await open(t);
    await here.write('shop/a:80', DRAIN);
    const read = await here.read();
    await here.write('shop/a:80', undefined);
    t.strictSame(read, new Map([['shop/a:80', DRAIN]]));
  });
}
