import { readRequests } from '../conformance/http1/codec.ts';
import { connectTo, type Lane, sendCanary, sendPieces } from '../conformance/http1/lane.ts';
import { answerTo } from '../conformance/http1/origin.ts';
import { LARGER, prime, settled } from '../conformance/http1/run-request.ts';
import type { RawClient } from '../support/client.ts';
import { parseResponses } from '../support/responses.ts';
import { isKnown } from './codec.ts';
import type { Mutant } from './mutants.ts';

type Expected = ReturnType<typeof readRequests>;

/**
 * Whatever a client sends through a real data plane: it is refused with no byte forwarded, or forwarded as
 * exactly the messages that the codec reads of it, which the strict origin reads alike; each gets its own answer,
 * and so does whoever comes next on either connection. Throws at the first thing that is otherwise.
 */
export async function checkThroughProxy(lane: Lane, { pieces }: Mutant): Promise<void> {
  const expected = readRequests(pieces);
  const { messages, partial } = expected;
  if (![...messages, ...(partial === undefined ? [] : [partial])].every(isKnown)) return;
  await prime(lane);
  const { tap, origin } = lane;
  const mark = tap.mark();
  const firstArrived = origin.arrived.length;
  const firstError = origin.errors.length;
  const client = await connectTo(lane.proxy.port);
  try {
    await sendPieces(client, pieces);
    await checkAnswers(client, expected);
    checkTap(tap.since(mark), expected);
    checkArrived(lane, firstArrived, firstError, expected);
    if (expected.end === 'clean' && !expected.closes) await canary(lane, client, 'on the same connection');
  } finally {
    client.socket.destroy();
  }
  await settled(lane);
  const other = await connectTo(lane.proxy.port);
  await canary(lane, other, 'on another connection').finally(() => other.socket.destroy());
}

/** The client gets an answer to each of its requests, in order, then the refusal if there is one, and no more. */
async function checkAnswers(client: RawClient, { messages, end, closes }: Expected): Promise<void> {
  const methods = messages.map(({ head }) => head.method);
  const final = () =>
    parseResponses(client.received, client.isClosed, methods).filter(({ status }) => status >= 200);
  const wanted = messages.map(({ head, body }) =>
    head.method === 'HEAD' ? '' : answerTo(head.target, body.length),
  );
  if (typeof end === 'number' || closes) await client.untilClosed();
  else await client.until(() => final().length >= wanted.length, 'the answers');
  const statuses = final().map(({ status }) => status);
  const due = [...messages.map(() => 200), ...(typeof end === 'number' ? [end] : [])];
  if (statuses.join() !== due.join()) throw new Error(`answered ${statuses} instead of ${due}`);
  for (const [i, body] of wanted.entries()) {
    if (final()[i]?.body !== body)
      throw new Error(`answer ${i + 1} is ${final()[i]?.body} instead of ${body}`);
  }
}

function checkTap(seen: readonly string[], { messages, partial }: Expected): void {
  if (messages.length === 0 && partial === undefined && seen.length > 0)
    throw new Error(`refused, but this was forwarded: ${JSON.stringify(seen)}`);
  const readings = seen.map((bytes) => readRequests([Buffer.from(bytes, 'latin1')], LARGER, true));
  const found = readings.reduce((sum, reading) => sum + reading.messages.length, 0);
  const isBroken = readings.some(({ end }) => end !== 'clean') && partial === undefined;
  if (found !== messages.length || isBroken)
    throw new Error(
      `${found} messages instead of ${messages.length} were forwarded: ${JSON.stringify(seen)}`,
    );
}

function checkArrived({ origin }: Lane, firstArrived: number, firstError: number, expected: Expected): void {
  const errors = origin.errors.slice(firstError);
  if (errors.length > 0) throw new Error(`the origin refuses what was forwarded: ${errors}`);
  const arrived = origin.arrived
    .slice(firstArrived)
    .map(({ method, target, host, body }) => JSON.stringify([method, target, host, body]));
  const sent = expected.messages.map(({ head, body }, i) => {
    // Without any of its own, a request gets the address of the backend.
    const host = head.host || origin.arrived[firstArrived + i]?.host;
    return JSON.stringify([head.method, head.target, host, body]);
  });
  if (arrived.join() !== sent.join()) throw new Error(`the origin reads ${arrived} instead of ${sent}`);
}

async function canary(lane: Lane, client: RawClient, where: string): Promise<void> {
  const wrong = await sendCanary(lane, client);
  if (wrong !== '') throw new Error(`${where}: ${wrong}`);
}
