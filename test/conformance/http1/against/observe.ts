import { setTimeout as sleep } from 'node:timers/promises';
import type { RawClient } from '../../../support/client.ts';
import { headLines, type RequestCase } from '../case.ts';
import { connectTo } from '../lane.ts';
import type { Arrived, Origin } from '../origin.ts';
import type { Tap } from '../tap.ts';

/** A way through one proxy to an origin of its own. */
export interface PeerLane {
  readonly port: number;
  readonly tap: Tap;
  readonly origin: Origin;
}

/** What a proxy made of a case. */
export interface Observation {
  /** Whether it is what the case asks for; statuses are not compared. */
  readonly isSame: boolean;
  /** In a few words. */
  readonly text: string;
}

/** How long silence lasts before it is the proxy's answer, and bytes that are late are part of the next case. */
const SILENCE_MS = 350;
const MAX_MS = 3_000;

/** Sends the bytes of a case in one piece, and looks at what becomes of them on both sides. */
export async function observe({ port, tap, origin }: PeerLane, one: RequestCase): Promise<Observation> {
  const mark = tap.mark();
  const firstArrived = origin.arrived.length;
  const firstError = origin.errors.length;
  const client = await connectTo(port);
  client.send(one.bytes);
  await silence(client, tap);
  const reached = tap.since(mark).length > 0;
  const arrived = origin.arrived.slice(firstArrived);
  const errors = [...new Set(origin.errors.slice(firstError))];
  const statuses = [...client.received.matchAll(/(?:^|\r?\n)HTTP\/1\.[01] ([2-5]\d\d)/g)].map(([, status]) =>
    Number(status),
  );
  const isClosed = client.isClosed;
  client.socket.destroy();
  await silence(client, tap);
  return judge(one, { reached, arrived, errors, statuses, isClosed });
}

async function silence(client: RawClient, tap: Tap): Promise<void> {
  const size = () => client.received.length + tap.mark();
  const end = Date.now() + MAX_MS;
  let before = -1;
  let since = Date.now();
  while (Date.now() < end && Date.now() - since < SILENCE_MS) {
    // Its end ends the waiting for the client, but not for what may still come on the other side.
    if (client.isClosed && Date.now() - since > SILENCE_MS / 5) return;
    const now = size();
    if (now !== before) since = Date.now();
    before = now;
    await sleep(5);
  }
}

interface Seen {
  /** Bytes came through the tap. */
  readonly reached: boolean;
  readonly arrived: readonly Arrived[];
  readonly errors: readonly string[];
  readonly statuses: readonly number[];
  readonly isClosed: boolean;
}

function judge(one: RequestCase, seen: Seen): Observation {
  const { forwarded, end } = one.verdict;
  const answers = seen.statuses.join(' ') || (seen.isClosed ? 'closed' : 'waits');
  // A body that the proxy itself refused may have left in part, and the origin sees that it is not whole.
  const isRefusedPart = one.verdict.isPartial && (seen.statuses.at(-1) ?? 500) < 500;
  if (seen.errors.length > 0 && !one.isUnknownToLlhttp && !isRefusedPart) {
    return { isSame: false, text: `passes on what the origin refuses (${seen.errors.join(' ')})` };
  }
  if (one.isUnknownToLlhttp) return { isSame: seen.reached, text: seen.reached ? 'forwards' : answers };
  const wanted = JSON.stringify(forwarded.map(({ head, body }) => [head[0]?.split(' ')[0], body]));
  const found = JSON.stringify(seen.arrived.map(({ method, body }) => [method, body]));
  if (wanted !== found) return { isSame: false, text: describe(seen, answers, forwarded.length) };
  if (typeof end === 'number') {
    const last = seen.statuses[forwarded.length];
    const isRefused = last === undefined ? seen.isClosed : last >= 400;
    const text =
      seen.reached && forwarded.length === 0 && !one.verdict.isPartial
        ? `reaches the origin, ${answers}`
        : answers;
    return { isSame: isRefused && text === answers, text: isRefused ? text : `${answers}, no refusal` };
  }
  if (end === 'waits') return { isSame: seen.statuses.length === forwarded.length, text: answers };
  return compareFields(one, seen.arrived);
}

function describe(seen: Seen, answers: string, wanted: number): string {
  const { arrived } = seen;
  if (arrived.length === 0) return seen.reached ? `reaches the origin, ${answers}` : answers;
  const bodies = arrived.map(({ method, body }) =>
    body === '' ? method : `${method} ${JSON.stringify(body.slice(0, 24))}`,
  );
  return `forwards ${arrived.length === 1 && wanted === 0 ? '' : `${arrived.length}: `}${bodies.join(', ')}`;
}

/** Header lines that each proxy says anew in its own way. */
const OWN =
  /^(?:host|connection|transfer-encoding|te|via|x-forwarded-(?:for|proto|host|port): 127|x-real-ip: 127|accept-encoding|user-agent)/;

/** Which of the client's header lines reach the origin though they should not, and which do not though they should. */
function compareFields(one: RequestCase, arrived: readonly Arrived[]): Observation {
  const input = new Set(fieldsOf(headLines(one.bytes.replace(/^(?:\r\n)+/, ''))));
  const wanted = new Set(one.verdict.forwarded.flatMap(({ head }) => fieldsOf(head)));
  const found = arrived.flatMap(({ fields }) => fields.map((line) => line.trim()));
  const extra = [...input].filter(
    (line) => !wanted.has(line) && !OWN.test(line) && found.some((has) => has.startsWith(line)),
  );
  const missing = [...wanted].filter(
    (line) => !OWN.test(line) && !/^(?:expect|content-length|upgrade):/.test(line) && !found.includes(line),
  );
  const named = (lines: string[]) =>
    lines
      .slice(0, 3)
      .map((line) => `\`${printable(line.slice(0, 40))}\``)
      .join(', ');
  const parts = ['forwards'];
  if (extra.length > 0) parts.push(`with ${named(extra)}`);
  if (missing.length > 0) parts.push(`without ${named(missing)}`);
  return { isSame: parts.length === 1, text: parts.join(' ') };
}

function fieldsOf(lines: readonly string[]): string[] {
  return lines.slice(1).map((line) => {
    const colon = line.indexOf(':');
    return `${line.slice(0, colon).toLowerCase()}: ${line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')}`.trim();
  });
}

export function printable(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
