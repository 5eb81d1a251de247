import { CASES, type Case } from '../http/cases.ts';
import { load } from '../http/load/load.ts';
import { fairlead } from '../http/peers/fairlead.ts';
import { PROXY_PORT } from '../http/ports.ts';
import { listening, memoryBytes, stop } from '../http/process.ts';
import { collectable, heapAfterCollection } from './collect.ts';

const SLICE_SECONDS = 5;
const SMALL_GET = CASES[0] as Case;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Sample {
  readonly requests: number;
  /** Resident, in bytes. */
  readonly memory: number;
  /** What is alive in the heap, and the buffers that it refers to, in bytes. */
  readonly heap: number;
}

/** Growth over the second half of the requests, in bytes for each million. */
export interface Growth {
  readonly requests: number;
  readonly slope: number;
  readonly heapSlope: number;
}

/**
 * Asks so many times, and looks at the memory again and again: after a full collection while nothing is asked, so that
 * garbage, and the steps in which V8 lets its heap grow, are told apart from what is kept.
 */
export async function growthOf(folder: string, wanted: number): Promise<Growth> {
  const server = fairlead.start({ folder, isLogged: false, nodeArgs: collectable(folder) });
  try {
    await listening(PROXY_PORT, server);
    const samples: Sample[] = [];
    const startedAt = Date.now();
    let requests = 0;
    while (requests < wanted) {
      requests += (await load(SMALL_GET, SLICE_SECONDS)).requests;
      // The closing of the load's connections is to be over.
      await sleep(300);
      const heap = await heapAfterCollection(server, folder);
      const sample = { requests, memory: memoryBytes(server.pid ?? 0), heap };
      samples.push(sample);
      report(sample, wanted, (Date.now() - startedAt) / 1_000);
    }
    const half = samples.slice(Math.floor(samples.length / 2));
    const slope = slopeOf(half, ({ memory }) => memory);
    const heapSlope = slopeOf(half, ({ heap }) => heap);
    console.log(`a million requests: ${kb(heapSlope)} of heap, ${kb(slope)} resident`);
    return { requests, slope, heapSlope };
  } finally {
    await stop(server);
  }
}

const kb = (bytes: number) => `${(bytes / 1e3).toFixed(1)} KB`;

function report({ requests, memory, heap }: Sample, wanted: number, seconds: number): void {
  const left = Math.max(0, (seconds / requests) * (wanted - requests));
  console.log(
    `${requests} requests: heap ${(heap / 1e6).toFixed(3)} MB, resident ${(memory / 1e6).toFixed(1)} MB; ${left.toFixed(0)} s left`,
  );
}

/** Bytes for each million requests: the line with the least squares through the samples. */
function slopeOf(samples: readonly Sample[], bytesOf: (sample: Sample) => number): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const x = mean(({ requests }) => requests);
  const y = mean(bytesOf);
  const covariance = mean((sample) => (sample.requests - x) * (bytesOf(sample) - y));
  return (covariance / mean(({ requests }) => (requests - x) ** 2)) * 1e6;
}
