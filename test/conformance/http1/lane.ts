import { connect } from 'node:net';
import type { Test } from 'tap';
import { RawClient } from '../../support/client.ts';
import { FakeClock } from '../../support/clock.ts';
import { startProxy, type TestProxy } from '../../support/proxy.ts';
import { exchange } from '../../support/responses.ts';
import { listenByTls, secured } from '../../support/tls.ts';
import { head } from './case.ts';
import { answerTo, type Origin, startOrigin } from './origin.ts';
import { startTap, type Tap } from './tap.ts';

/** Client → proxy → tap → strict origin. One case after the other runs through a lane; several lanes run side by side. */
export interface Lane {
  readonly proxy: TestProxy;
  readonly tap: Tap;
  readonly origin: Origin;
  /** A new client. */
  connect(): Promise<RawClient>;
  /** How many canaries it has sent. */
  canaries: number;
}

/**
 * Its clock stands still: nothing in a lane ends by a timeout.
 * @param isTls clients connect with TLS
 */
export async function startLane(t: Pick<Test, 'teardown'>, isTls = false): Promise<Lane> {
  const origin = await startOrigin(t);
  const tap = await startTap(t, origin.port);
  const proxy = await startProxy(
    t,
    [
      { name: 'any', backends: [tap.port], routes: [{ host: '*' }] },
      { name: 'admin', backends: [tap.port], routes: [{ host: '*', path: '/admin' }] },
    ],
    {},
    new FakeClock(),
  );
  return { proxy, tap, origin, connect: await connector(proxy, isTls), canaries: 0 };
}

/** What connects clients of a proxy, with TLS or without. */
export async function connector(proxy: TestProxy, isTls: boolean): Promise<() => Promise<RawClient>> {
  if (!isTls) return () => connectTo(proxy.port);
  const port = await listenByTls(proxy.plane);
  return () => secured(connect({ host: '127.0.0.1', port, noDelay: true }));
}

export async function connectTo(port: number): Promise<RawClient> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const client = new RawClient(socket);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return client;
}

/** Sends pieces so that each is read by itself: all ends are in this process, and a turn of its loop reads what came. */
export async function sendPieces(client: RawClient, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    client.socket.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A request that must get its own answer; what is wrong otherwise. */
export async function sendCanary(lane: Lane, client: RawClient): Promise<string> {
  const target = `/canary/${++lane.canaries}`;
  const { status, body } = await exchange(client, head(`GET ${target} HTTP/1.1`, 'Host: canary'));
  if (status === 200 && body === answerTo(target, 0)) return '';
  return `the canary was answered ${status} ${body}`;
}

/** Runs the cases, so many at a time. */
export async function inLanes<L, T>(
  lanes: readonly L[],
  cases: readonly T[],
  run: (lane: L, one: T) => Promise<void>,
): Promise<void> {
  const queue = cases.values();
  await Promise.all(
    lanes.map(async (lane) => {
      for (const one of queue) await run(lane, one);
    }),
  );
}

/** Texts longer than this, or of more lines, are cut in so many places only, and not byte by byte. */
const LONG = 2_000;
const MAX_CUTS = 60;

/** Whole, and in two pieces: enough where the way to the codec is in question, and not the codec. */
export function* splitsInTwo(text: string): Generator<Buffer[]> {
  const bytes = Buffer.from(text, 'latin1');
  yield [bytes];
  const half = bytes.length >> 1;
  if (half > 0) yield [bytes.subarray(0, half), bytes.subarray(half)];
}

/** Whole, byte by byte, and cut at and around every CRLF. */
export function* splitsAtLines(text: string): Generator<Buffer[]> {
  const bytes = Buffer.from(text, 'latin1');
  yield [bytes];
  if (bytes.length <= LONG) yield [...bytes].map((byte) => Buffer.of(byte));
  const cuts = new Set<number>();
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', at + 2)) {
    for (const cut of [at - 1, at, at + 1, at + 2, at + 3]) if (cut > 0 && cut < bytes.length) cuts.add(cut);
  }
  const step = Math.ceil(cuts.size / MAX_CUTS);
  for (const at of [...cuts].filter((_, i) => i % step === 0))
    yield [bytes.subarray(0, at), bytes.subarray(at)];
}
