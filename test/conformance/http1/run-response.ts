import type { Test } from 'tap';
import type { RawClient } from '../../support/client.ts';
import { FakeClock } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';
import { startProxy, type TestProxy, type TestService } from '../../support/proxy.ts';
import { exchange, parseResponses, type RawResponse } from '../../support/responses.ts';
import { type Forwarded, head, type ResponseCase } from './case.ts';
import { connector, splitsAtLines } from './lane.ts';
import { answerTo } from './origin.ts';
import { type RawOrigin, startRawOrigin } from './raw-origin.ts';

/** Client → proxy → an origin that answers in bytes. */
export interface ResponseLane {
  readonly proxy: TestProxy;
  readonly origin: RawOrigin;
  /** A new client. */
  connect(): Promise<RawClient>;
  /** The origin is another backend from now on, of which nothing is known: not that it spoke unasked, say. */
  renew(): void;
  canaries: number;
}

/**
 * Its clock stands still, and nothing is tried twice.
 * @param isTls clients connect with TLS
 */
export async function startResponseLane(t: Test, isTls = false): Promise<ResponseLane> {
  const origin = await startRawOrigin(t);
  const settings = { retry: { attempts: 0 } };
  let renewals = 0;
  const service = (): TestService => ({
    name: `origin-${renewals}`,
    settings,
    backends: [origin.port],
    routes: [{ host: '*' }],
  });
  const proxy = await startProxy(t, [service()], {}, new FakeClock());
  const renew = () => {
    renewals++;
    proxy.apply(service());
  };
  return { proxy, origin, renew, connect: await connector(proxy, isTls), canaries: 0 };
}

/** Runs a case in every way in which its bytes may come. Answers the first thing that is wrong. */
export async function runResponseCase(
  lane: ResponseLane,
  one: ResponseCase,
  splits: typeof splitsAtLines = splitsAtLines,
): Promise<string> {
  for (const pieces of splits(one.bytes)) {
    const wrong = await check(lane, one, pieces).catch((error: Error) => error.message);
    if (wrong === '') continue;
    return `${pieces.length === 1 ? 'whole' : pieces.length > 2 ? 'byte by byte' : `cut at ${pieces[0]?.length}`}: ${wrong}`;
  }
  return '';
}

async function check(lane: ResponseLane, one: ResponseCase, pieces: readonly Buffer[]): Promise<string> {
  const { origin, proxy } = lane;
  const { verdict } = one;
  if (isDistrusted(proxy)) lane.renew();
  origin.script = { pieces, after: one.after };
  const played = origin.played;
  const client = await lane.connect();
  try {
    client.send(one.request);
    const wrong = await compareClient(client, one);
    if (wrong !== '') return wrong;
    await eventually('the last byte of the response', () => origin.played > played);
    const used = origin.connections.findLast(
      ({ targets }) => targets.at(-1)?.startsWith('/canary/') === false,
    );
    // What is not used again is closed by the proxy, which is the sign that it has read all of it.
    if (!verdict.isReused)
      await eventually("the end of the backend's connection", () => used?.isClosed !== false);
    return await afterwards(lane, client, one, used?.targets);
  } finally {
    client.socket.destroy();
  }
}

function isDistrusted({ plane }: TestProxy): boolean {
  return Object.values(plane.stats().backends).some(({ failures }) => (failures['unasked'] ?? 0) > 0);
}

async function compareClient(client: RawClient, one: ResponseCase): Promise<string> {
  const { outcome, relayed, stays } = one.verdict;
  const method = one.request.slice(0, one.request.indexOf(' '));
  const all = () => parseResponses(client.received, client.isClosed, method);
  const isAnswered = () => all().some(({ status }) => status >= 200);
  if (outcome === 'cut') {
    await client.untilClosed();
    return isAnswered() ? 'the response looks whole' : compareCut(client.received, relayed);
  }
  await client.until(isAnswered, 'a response');
  if (!stays) await client.untilClosed();
  const seen = all();
  if (typeof outcome === 'number') {
    return seen.length === 1 && seen[0]?.status === outcome ? '' : `answered ${seen.map(({ head }) => head)}`;
  }
  if (seen.length !== relayed.length) return `${seen.length} responses: ${client.received}`;
  return relayed.map((want, i) => compareResponse(seen[i] as RawResponse, want)).join('');
}

function compareResponse(found: RawResponse, want: Forwarded): string {
  const wanted = {
    head: want.head.join('\r\n'),
    body: want.body,
    trailers: want.trailers.map((line) => `${line}\r\n`).join(''),
  };
  const seen = { head: found.head, body: found.body, trailers: found.trailers };
  return JSON.stringify(seen) === JSON.stringify(wanted)
    ? ''
    : `${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`;
}

/** Some of the response has come, in the order of its bytes, and never a sign that this is all. */
function compareCut(received: string, relayed: readonly Forwarded[]): string {
  if (received === '') return '';
  const wanted = relayed.at(-1) as Forwarded;
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return `no head: ${received}`;
  const lines = received.slice(0, end).split('\r\n');
  if (JSON.stringify(lines) !== JSON.stringify(wanted.head))
    return `${lines.join(' | ')} instead of ${wanted.head.join(' | ')}`;
  const body = received.slice(end + 4);
  const isChunked = wanted.head.includes('Transfer-Encoding: chunked');
  const plain = isChunked ? withoutChunks(body) : body;
  return wanted.body.startsWith(plain) ? '' : `a body of ${JSON.stringify(body)}`;
}

/** What has come of a body in chunks. */
function withoutChunks(text: string): string {
  let body = '';
  for (let at = 0; at < text.length; ) {
    const line = text.indexOf('\r\n', at);
    const data = line + 2;
    const end = data + Number.parseInt(text.slice(at, line), 16);
    if (line === -1) return `${body} and half a chunk line`;
    body += text.slice(data, end);
    at = end + 2;
  }
  return body;
}

/** Whoever comes next gets its own answer, on the same connections where they stay. */
async function afterwards(
  lane: ResponseLane,
  client: RawClient,
  { verdict }: ResponseCase,
  used: readonly string[] | undefined,
): Promise<string> {
  const own = verdict.stays ? client : await lane.connect();
  try {
    const target = `/canary/${++lane.canaries}`;
    const { status, body } = await exchange(own, head(`GET ${target} HTTP/1.1`, 'Host: canary'));
    if (status !== 200 || body !== answerTo(target, 0)) return `the canary was answered ${status} ${body}`;
    const isSame = used?.at(-1) === target;
    return isSame === verdict.isReused
      ? ''
      : `the backend's connection was ${isSame ? '' : 'not '}used again`;
  } finally {
    if (own !== client) own.socket.destroy();
  }
}
