import { readResponses } from '../conformance/http1/codec.ts';
import { connectTo } from '../conformance/http1/lane.ts';
import { answerTo } from '../conformance/http1/origin.ts';
import type { ResponseLane } from '../conformance/http1/run-response.ts';
import { exchange, parseResponses } from '../support/responses.ts';
import type { Mutant } from './mutants.ts';

/**
 * Whatever a backend answers before it closes: the client gets the response that the codec reads of it, or a 502,
 * or sees its connection cut; never part of a response as if it were whole, and whoever comes next gets its own
 * answer. Throws at the first thing that is otherwise.
 */
export async function checkResponseThroughProxy(
  lane: ResponseLane,
  { method, mutant }: { readonly method: string; readonly mutant: Mutant },
): Promise<void> {
  lane.origin.script = { pieces: mutant.pieces, after: 'fin' };
  const expected = readResponses(mutant.pieces, method);
  const isWhole = expected.end === 'clean' || (expected.end === 'body' && expected.isUntilClose);
  const client = await connectTo(lane.proxy.port);
  try {
    client.send(
      `${method} /case HTTP/1.1\r\nHost: a\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`,
    );
    const final = () =>
      parseResponses(client.received, client.isClosed, method).filter(({ status }) => status >= 200);
    await client
      .until(() => final().length > 0, 'an answer')
      .catch((error) => {
        if (!client.isClosed) throw error;
      });
    const seen = final().map(({ status, body }) => ({ status, body }));
    const last = expected.messages.at(-1);
    if (isWhole && last !== undefined) {
      const wanted = [{ status: last.head.status, body: last.body }];
      if (JSON.stringify(seen) !== JSON.stringify(wanted))
        throw new Error(`the client has ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`);
    } else if (seen.length > 0 && (seen.length > 1 || seen[0]?.status !== 502))
      throw new Error(`the client has ${JSON.stringify(seen)} of what is no whole response`);
  } finally {
    client.socket.destroy();
  }
  await checkNext(lane);
}

async function checkNext(lane: ResponseLane): Promise<void> {
  const target = `/canary/${++lane.canaries}`;
  const client = await connectTo(lane.proxy.port);
  try {
    const { status, body } = await exchange(client, `GET ${target} HTTP/1.1\r\nHost: canary\r\n\r\n`);
    if (status !== 200 || body !== answerTo(target, 0))
      throw new Error(`the canary was answered ${status} ${JSON.stringify(body)}`);
  } finally {
    client.socket.destroy();
  }
}
