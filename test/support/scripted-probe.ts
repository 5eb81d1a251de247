import type { Target } from '../../src/control/health/checker.ts';
import type { Probe, ProbeResult } from '../../src/control/health/probe.ts';
import type { HealthCheck } from '../../src/model/health.ts';
import { makeService } from '../../src/model/service.ts';
import type { FakeClock } from './clock.ts';

export const PASS: ProbeResult = { isPass: true, reason: 'HTTP 200' };
export const FAIL: ProbeResult = { isPass: false, reason: 'HTTP 500' };

/** Probes that a test answers: by host, and passing where it says nothing. */
export class ScriptedProbe {
  /** What is answered for a host, one after the other; the last of them for ever. */
  readonly script: Record<string, ProbeResult[]> = {};
  /** `host at milliseconds` of each probe, in order. */
  readonly calls: { readonly host: string; readonly at: number; readonly check: HealthCheck }[] = [];
  /** While it is true probes only begin: `release` ends those that wait. */
  isHolding = false;
  readonly #waiting: { readonly host: string; readonly end: () => void }[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly probe: Probe = async ({ host }, check) => {
    this.calls.push({ host, at: this.#clock.elapsed(), check });
    if (this.isHolding) await new Promise<void>((end) => this.#waiting.push({ host, end }));
    const answers = this.script[host] ?? [];
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? PASS;
  };

  get concurrent(): number {
    return this.#waiting.length;
  }

  /** Ends so many of the probes that wait, the first first. */
  release(count = Number.POSITIVE_INFINITY): void {
    for (const { end } of this.#waiting.splice(0, count)) end();
  }

  /** When each probe of a host began. */
  times(host: string): number[] {
    return this.calls.filter((call) => call.host === host).map((call) => call.at);
  }
}

/** A target with the defaults of a service, but for what the test says of its check. */
export function makeTarget(host: string, check: Partial<HealthCheck> = {}): Target {
  const { health } = makeService('test', { health: check }, []);
  const process = `${host}:80`;
  const key = `${process} ${JSON.stringify(health)}`;
  return { process, key, address: { host, port: 80 }, check: health, origin: { source: 'test', name: host } };
}
