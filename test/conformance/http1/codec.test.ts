import t from 'tap';
import { requestText } from '../../../src/data/http1/request-writer.ts';
import { splits } from '../../support/codec.ts';
import type { RequestCase, ResponseCase } from './case.ts';
import { REQUEST_CASES, RESPONSE_CASES } from './cases/index.ts';
import { readRequests, readResponses } from './codec.ts';

const BEHIND = ['GET /behind HTTP/1.1\r\nHost: a\r\n\r\n', '\0\r\n\r\n', 'x'.repeat(2_000)];
/** Longer cases are cut at every so many bytes only. */
const MAX_SPLITS = 400;

/** The verdict of the codec, and what goes to the backend but for what is added there. */
function requestVerdict(pieces: readonly Buffer[]): string {
  const { messages, end, closes } = readRequests(pieces);
  const seen = messages.map(({ head, body, trailers }) => {
    const text = requestText(head, head.target, head.hasHostField ? '' : `Host: ${head.host}\r\n`);
    return messageText(text.slice(0, -4).split('\r\n'), body, head.trailers ? trailers : '');
  });
  return [
    ...seen,
    typeof end === 'number' ? end : closes ? 'closes' : end === 'clean' ? 'stays' : 'waits',
  ].join('\n');
}

/** What the case says that the codec must say. */
function expectedOfRequest({ verdict, isUpgrade }: RequestCase): string {
  const seen = verdict.forwarded.map(({ head, body, trailers }) => {
    // An upgrade is asked for beyond the codec.
    const lines = isUpgrade ? head.filter((line) => !/^(?:Connection|Upgrade): /.test(line)) : head;
    return messageText(lines, body, trailers.map((line) => `${line}\r\n`).join(''));
  });
  return [...seen, verdict.end].join('\n');
}

const messageText = (lines: readonly string[], body: string, trailers: string) =>
  JSON.stringify({ lines, body, trailers });

function responseVerdict(pieces: readonly Buffer[], { request }: ResponseCase): string {
  const { messages, end, surplus, isUntilClose } = readResponses(
    pieces,
    request.slice(0, request.indexOf(' ')),
  );
  const seen = messages.map(({ head, body }) => `${head.status}: ${body}`);
  return [...seen, end, `${surplus > 0 ? 'surplus' : ''}${isUntilClose ? ' until close' : ''}`].join('\n');
}

function* ways(bytes: string): Generator<Buffer[]> {
  const step = Math.ceil(bytes.length / MAX_SPLITS);
  let i = 0;
  for (const pieces of splits(bytes)) if (i++ < 2 || i % step === 0) yield pieces;
}

/** The first way to cut the bytes that gives another verdict. */
function otherwise(bytes: string, verdict: (pieces: readonly Buffer[]) => string, expected: string): string {
  for (const pieces of ways(bytes)) {
    const found = verdict(pieces);
    if (found !== expected) return `${pieces.length} pieces, first ${pieces[0]?.length}: ${found}`;
  }
  return '';
}

const byTopic = <T extends { topic: string }>(cases: readonly T[]) => Map.groupBy(cases, (one) => one.topic);

t.test('every case has a name of its own', async (t) => {
  for (const cases of [REQUEST_CASES, RESPONSE_CASES]) {
    const names = cases.map((one) => `${one.topic}: ${one.name}`);
    t.same(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
  }
});

for (const [topic, cases] of byTopic(REQUEST_CASES)) {
  t.test(`requests, ${topic}: the codec's verdict is the same however the bytes come`, async (t) => {
    for (const one of cases) {
      const expected = expectedOfRequest(one);
      t.equal(
        otherwise(one.bytes, requestVerdict, expected),
        '',
        `${one.name} → ${expected.replaceAll('\n', ' | ')}`,
      );
    }
  });

  t.test(`requests, ${topic}: what follows changes nothing`, async (t) => {
    for (const one of cases) {
      if (one.verdict.end === 'waits') continue;
      const expected = expectedOfRequest(one).split('\n').slice(0, -1).join('\n');
      for (const more of BEHIND) {
        const found = requestVerdict([Buffer.from(one.bytes + more, 'latin1')]);
        if (one.verdict.end !== 'stays') t.equal(found, expectedOfRequest(one), `${one.name}, more behind`);
        else if (!found.startsWith(expected)) t.equal(found, expected, `${one.name}, more behind`);
      }
    }
  });
}

for (const [topic, cases] of byTopic(RESPONSE_CASES)) {
  t.test(`responses, ${topic}: the codec's verdict is the same however the bytes come`, async (t) => {
    for (const one of cases) {
      const whole = responseVerdict([Buffer.from(one.bytes, 'latin1')], one);
      t.equal(
        otherwise(one.bytes, (pieces) => responseVerdict(pieces, one), whole),
        '',
        one.name,
      );
      const { outcome, relayed } = one.verdict;
      const statuses = relayed.map(({ head }) => head[0]?.slice(9, 12) ?? '');
      const seen = whole
        .split('\n')
        .filter((line) => /^\d{3}: /.test(line))
        .map((line) => line.slice(0, 3));
      if (typeof outcome !== 'number') t.equal(seen.at(-1), statuses.at(-1), `${one.name}: ${outcome}`);
      else t.match(whole, one.after === 'open' ? /^502$/m : /^(?:502|head)$/m, `${one.name}: ${outcome}`);
    }
  });
}
