import type { ReadRules } from '../../../src/data/http1/request-reader.ts';
import type { RawClient } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { parseResponses } from '../../support/responses.ts';
import { type Forwarded, head, type RequestCase } from './case.ts';
import { readRequests } from './codec.ts';
import { type Lane, sendCanary, sendPieces, splitsAtLines } from './lane.ts';
import type { Arrived } from './origin.ts';

/** What the proxy adds to a request may make it larger than those that it takes. */
export const LARGER: ReadRules = {
  rules: { maxHeaders: 200, keepUnderscores: false },
  maxHeaderSize: 32_768,
};

/** Runs a case in every way in which its bytes may come. Answers the first thing that is wrong. */
export async function runRequestCase(
  lane: Lane,
  one: RequestCase,
  splits: typeof splitsAtLines = splitsAtLines,
): Promise<string> {
  for (const pieces of splits(one.bytes)) {
    const wrong = await attempt(lane, pieces, one);
    if (wrong !== '') return `${describe(pieces)}: ${wrong}`;
  }
  const behind = [`GET ${one.service === 'any' ? '' : `/${one.service}`}/behind HTTP/1.1`, 'Host: behind'];
  const more = withMore(one, behind);
  if (more === undefined) return '';
  const wrong = await attempt(lane, [Buffer.from(one.bytes + head(...behind), 'latin1')], more);
  return wrong === '' ? '' : `with a request behind: ${wrong}`;
}

const describe = (pieces: readonly Buffer[]) =>
  pieces.length === 1 ? 'whole' : pieces.length > 2 ? 'byte by byte' : `cut at ${pieces[0]?.length}`;

/** What is expected when one more request follows in the same bytes. */
function withMore(one: RequestCase, lines: readonly string[]): RequestCase | undefined {
  const { verdict } = one;
  if (verdict.end === 'waits') return undefined;
  // What follows a request for another protocol may be of that: it is never answered as HTTP.
  if (verdict.end !== 'stays') return one;
  const behind: Forwarded = { head: lines, body: '', trailers: [] };
  return { ...one, verdict: { ...verdict, forwarded: [...verdict.forwarded, behind] } };
}

async function attempt(lane: Lane, pieces: readonly Buffer[], expected: RequestCase): Promise<string> {
  try {
    return await check(lane, expected, pieces);
  } catch (error) {
    return `${error instanceof Error ? error.message : error}`;
  }
}

async function check(lane: Lane, one: RequestCase, pieces: readonly Buffer[]): Promise<string> {
  const { tap, origin, proxy } = lane;
  await prime(lane);
  const mark = tap.mark();
  const firstArrived = origin.arrived.length;
  const firstEntry = proxy.entries.length;
  const firstError = origin.errors.length;
  const client = await lane.connect();
  try {
    await sendPieces(client, pieces);
    const wrong =
      (await answered(client, one)) ||
      compareTap(tap.since(mark), one) ||
      compareArrived(lane, one, firstArrived, firstError) ||
      compareService(lane, one, firstEntry) ||
      (await afterwards(lane, client, one));
    return wrong;
  } finally {
    client.socket.destroy();
  }
}

/** Connections to the backend that wait for a request. */
const idle = ({ proxy }: Lane) =>
  Object.values(proxy.plane.stats().backends).reduce((sum, { idle }) => sum + idle, 0);

/** Makes sure that a connection to the backend waits, for what comes to misuse. */
export async function prime(lane: Lane): Promise<void> {
  if (idle(lane) === 0) {
    const client = await lane.connect();
    await sendCanary(lane, client);
    client.socket.destroy();
  }
  await settled(lane);
}

/** Waits until the connections that the proxy gave up have closed. */
export async function settled(lane: Lane): Promise<void> {
  const open = () => lane.tap.connections.filter(({ isClosed }) => !isClosed).length;
  await eventually('every connection to the backend waits or is closed', () => open() === idle(lane));
}

/** The client's view: own answers, then the refusal and the end of the connection, if there is one. */
async function answered(client: RawClient, one: RequestCase): Promise<string> {
  const { forwarded, end } = one.verdict;
  const statuses = [
    ...forwarded.map(() => (one.isUnknownToLlhttp ? 0 : 200)),
    ...(typeof end === 'number' ? [end] : []),
  ];
  const method = forwarded[0]?.head[0]?.startsWith('HEAD ') === true ? 'HEAD' : 'GET';
  const final = () =>
    parseResponses(client.received, client.isClosed, method).filter(({ status }) => status >= 200);
  if (forwarded.length > 0) await client.until(() => final().length >= forwarded.length, 'the answers');
  if (end === 'waits') client.socket.end();
  // Who speaks HTTP/2 is told so in its frames, of which SETTINGS are the first, and once it has asked for something.
  const isToldInFrames = () =>
    one.bytes.startsWith('PRI * HTTP/2.0') && client.received.startsWith('\0\0\0\x04\0');
  if (end !== 'stays') await client.until(() => client.isClosed || isToldInFrames(), 'the end');
  if (isToldInFrames()) return '';
  const seen = final().map(({ status }) => status);
  if (
    seen.length !== statuses.length ||
    seen.some((status, i) => status !== statuses[i] && statuses[i] !== 0)
  ) {
    return `answered ${seen.join(' ') || 'nothing'} instead of ${statuses.join(' ') || 'nothing'}`;
  }
  const last = final().at(-1);
  if (typeof end === 'number' && last?.headers['connection'] !== 'close')
    return 'the refusal does not say that it closes';
  return '';
}

/** The header lines that tell a backend about the client and the proxy, as the proxy alone may set them. */
function isOurs(line: string): boolean {
  return /^(?:x-(?:forwarded-(?:for|proto|host|port)|real-ip): |via: 1\.[01] fairlead-[\da-f]{8}$)/i.test(
    line,
  );
}

/** I1, I3: what came through the tap is what must, and our own parser reads it so. */
function compareTap(all: readonly string[], one: RequestCase): string {
  const { forwarded, isPartial } = one.verdict;
  // Where the origin closes without an answer, a lone line end asks whether it had read the request.
  const seen = one.isUnknownToLlhttp ? all.map((bytes) => bytes.replace(/\r\n\r\n\r\n$/, '\r\n\r\n')) : all;
  if (forwarded.length === 0 && !isPartial)
    return seen.length === 0 ? '' : `reached the tap: ${JSON.stringify(seen)}`;
  // Several requests of a client may take several connections when one of them broke.
  const readings = seen.map((bytes) => readRequests([Buffer.from(bytes, 'latin1')], LARGER, true));
  const found = readings.flatMap(({ messages }) => messages);
  if (found.length !== forwarded.length)
    return `${found.length} messages at the tap: ${JSON.stringify(seen)}`;
  for (const [i, want] of forwarded.entries()) {
    const message = found[i];
    if (message === undefined) return 'a message is missing';
    const lines = message.head.text.slice(0, message.head.fieldsEnd - 2).split('\r\n');
    const wrong =
      compareOurs(lines) ||
      compareLines(
        lines.filter((line) => !isOurs(line)),
        want.head,
        one.isUpgrade,
      ) ||
      (message.body === want.body ? '' : `the body is ${JSON.stringify(message.body)}`) ||
      (message.trailers === want.trailers.map((line) => `${line}\r\n`).join('')
        ? ''
        : `trailers ${message.trailers}`);
    if (wrong !== '') return `at the tap: ${wrong}`;
  }
  const framing = seen.length === 1 && forwarded.length < 2 ? compareFraming(seen[0] as string) : '';
  if (framing !== '') return framing;
  const open = readings.filter(({ end }) => end !== 'clean').map(({ end }) => end);
  if (open.some((end) => typeof end === 'number'))
    return `the tap's bytes are refused: ${JSON.stringify(seen)}`;
  if (!isPartial && open.length > 0) return `the tap has part of a message: ${JSON.stringify(seen)}`;
  return '';
}

/** The chunks at the tap are the proxy's: sizes in their shortest form and nothing beside them, whatever came. */
function compareFraming(bytes: string): string {
  const end = bytes.indexOf('\r\n\r\n') + 4;
  if (!/^transfer-encoding:/im.test(bytes.slice(0, end))) return '';
  for (let at = end; at < bytes.length; ) {
    const line = bytes.slice(at, bytes.indexOf('\r\n', at));
    if (!/^(?:0|[1-9a-f][0-9a-f]*)$/.test(line)) return `a chunk line of ${JSON.stringify(line)} at the tap`;
    if (line === '0') return '';
    at += line.length + Number.parseInt(line, 16) + 4;
  }
  return '';
}

/** Nobody but the proxy says who the client is. */
function compareOurs(lines: readonly string[]): string {
  const ours = lines.filter(isOurs).map((line) => line.toLowerCase());
  const vias = ours.filter((line) => line.startsWith('via: ')).length;
  const isWhole = ours.includes('x-forwarded-for: 127.0.0.1') && ours.includes('x-real-ip: 127.0.0.1');
  return isWhole && vias === 1 && ours.length >= 5 && ours.length <= 6
    ? ''
    : `about the client: ${ours.join(', ')}`;
}

function compareLines(found: readonly string[], wanted: readonly string[], isUpgrade: boolean): string {
  const plain = (lines: readonly string[]) =>
    isUpgrade
      ? [
          lines[0],
          ...lines
            .slice(1)
            .map((line) => line.toLowerCase())
            .sort(),
        ]
      : lines;
  const [a, b] = [JSON.stringify(plain(found)), JSON.stringify(plain(wanted))];
  return a === b ? '' : `${a} instead of ${b}`;
}

/** I3: llhttp reads the same, and nothing else. */
function compareArrived(
  { origin }: Lane,
  one: RequestCase,
  firstArrived: number,
  firstError: number,
): string {
  const errors = origin.errors.slice(firstError);
  if (one.isUnknownToLlhttp)
    return errors.join() === 'HPE_INVALID_METHOD' ? '' : `llhttp says ${errors.join()}`;
  if (errors.length > 0) return `llhttp says ${errors.join()}`;
  const arrived = origin.arrived.slice(firstArrived);
  if (arrived.length !== one.verdict.forwarded.length) return `${arrived.length} requests arrived`;
  for (const [i, { head, body, trailers }] of one.verdict.forwarded.entries()) {
    const [method = '', target = ''] = head[0]?.split(' ') ?? [];
    const host =
      head
        .find((line) => /^host:/i.test(line))
        ?.slice(5)
        .trim() ?? '';
    const want = JSON.stringify({ method, target, host, body, trailers });
    const { fields: _, ...read } = arrived[i] as Arrived;
    const found = JSON.stringify(read);
    if (found !== want) return `llhttp read ${found} instead of ${want}`;
  }
  return '';
}

function compareService({ proxy }: Lane, one: RequestCase, firstEntry: number): string {
  if (one.verdict.forwarded.length === 0) return '';
  const service = proxy.entries[firstEntry]?.service;
  return service === one.service ? '' : `routed to ${service}`;
}

/** I5: whoever comes next gets its own answer, on the same connection of the client and of the backend. */
async function afterwards(lane: Lane, client: RawClient, one: RequestCase): Promise<string> {
  const { tap } = lane;
  const { end } = one.verdict;
  if (end === 'stays' && !one.isUnknownToLlhttp) {
    const wrong = await sendCanary(lane, client);
    if (wrong !== '') return `on the same connection, ${wrong}`;
  }
  await settled(lane);
  const before = tap.connections.length;
  const isWaiting = lane.proxy.plane.stats().backends[`any/${tap.port}`]?.idle !== 0;
  const other = await lane.connect();
  try {
    const wrong = await sendCanary(lane, other);
    if (wrong !== '') return `on another connection, ${wrong}`;
  } finally {
    other.socket.destroy();
  }
  return isWaiting && tap.connections.length > before
    ? 'the waiting connection to the backend was not used'
    : '';
}
