import fc from 'fast-check';
import type { Test } from 'tap';
import { startLane } from '../conformance/http1/lane.ts';
import { startResponseLane } from '../conformance/http1/run-response.ts';
import { checkRequests, checkResponses } from './codec.ts';
import { checkEngine, engineMutants, startEngineLane } from './engine.ts';
import { checkLabels, hostileLabels } from './labels.ts';
import { askedRequests, requestMutants, responseMutants } from './mutants.ts';
import { checkThroughProxy } from './wire.ts';
import { checkResponseThroughProxy } from './wire-responses.ts';

/** How far to go: so many inputs, or for so long. The same seed gives the same inputs. */
export interface Extent {
  readonly seed: number;
  readonly inputs?: number;
  readonly ms?: number;
}

export interface Outcome {
  readonly inputs: number;
  /** The smallest input that was found to break the property, and how; empty when none was. */
  readonly failure: string;
}

/** What holds for all inputs, by name. */
export const PROPERTIES = {
  requests: async (_t: Test, extent: Extent) => run(askedRequests, extent, checkRequests),
  responses: async (_t: Test, extent: Extent) => run(responseMutants, extent, checkResponses),
  labels: async (_t: Test, extent: Extent) => run(hostileLabels, extent, checkLabels),
  'requests through the proxy': (t: Test, extent: Extent) =>
    inLanes(extent, async (one) => {
      const lane = await startLane(t);
      return run(requestMutants, one, (mutant) => checkThroughProxy(lane, mutant));
    }),
  'responses through the proxy': (t: Test, extent: Extent) =>
    inLanes(extent, async (one) => {
      const lane = await startResponseLane(t);
      return run(responseMutants, one, (input) => checkResponseThroughProxy(lane, input));
    }),
  'answers of an Engine': (t: Test, extent: Extent) =>
    inLanes(extent, async (one) => {
      const lane = await startEngineLane(t);
      return run(engineMutants, one, (mutant) => checkEngine(lane, mutant));
    }),
} as const;

const LANES = 8;

/** Shares the inputs between data planes that run side by side. */
async function inLanes(
  { seed, inputs, ms }: Extent,
  runOne: (extent: Extent) => Promise<Outcome>,
): Promise<Outcome> {
  const outcomes = await Promise.all(
    Array.from({ length: LANES }, (_, i) =>
      runOne({
        seed: seed + i,
        ...(inputs !== undefined && { inputs: inputs / LANES }),
        ...(ms !== undefined && { ms }),
      }),
    ),
  );
  return {
    inputs: outcomes.reduce((sum, outcome) => sum + outcome.inputs, 0),
    failure: outcomes.map(({ failure }) => failure).join(''),
  };
}

async function run<T>(
  inputs: fc.Arbitrary<T>,
  { seed, inputs: numRuns = Number.MAX_SAFE_INTEGER, ms }: Extent,
  check: (input: T) => Promise<void>,
): Promise<Outcome> {
  let count = 0;
  const property = fc.asyncProperty(inputs, async (input) => {
    count++;
    await check(input);
  });
  const details = await fc.check(property, {
    seed,
    numRuns,
    ...(ms !== undefined && { interruptAfterTimeLimit: ms, markInterruptAsFailure: false }),
  });
  const { failed, counterexample, errorInstance } = details;
  if (!failed) return { inputs: count, failure: '' };
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { inputs: count, failure: `seed ${seed}: ${shown(counterexample)}: ${reason}` };
}

/** Buffers as the text that they hold. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_key, part) =>
    part?.type === 'Buffer' ? Buffer.from(part.data).toString('latin1') : part,
  );
}
