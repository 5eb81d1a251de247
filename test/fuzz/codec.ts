import { METHODS } from 'node:http';
import { chunkLine, lastChunk } from '../../src/data/http1/chunked.ts';
import { requestText } from '../../src/data/http1/request-writer.ts';
import { responseFraming, responseText } from '../../src/data/http1/response-writer.ts';
import { CHUNKED } from '../../src/data/message/head.ts';
import type { RequestHead } from '../../src/data/message/request-head.ts';
import type { ResponseHead } from '../../src/data/message/response-head.ts';
import { ForwardedFields } from '../../src/data/proxy/forwarded.ts';
import { type ReadMessage, readRequests, readResponses } from '../conformance/http1/codec.ts';
import { requestsByLlhttp, responsesByLlhttp, type Seen, type SeenByLlhttp } from './llhttp.ts';
import type { AskedRequest, Mutant } from './mutants.ts';

/** Of a method that it does not know llhttp reads nothing, while any token is one. */
export const isKnown = ({ head }: ReadMessage<RequestHead>): boolean => METHODS.includes(head.method);

/**
 * Whatever bytes come: our verdict on them does not depend on how they are cut; what is forwarded of them is read
 * by llhttp as the same messages and nothing else; and where llhttp reads the original at all, it reads the same.
 * Throws at the first thing that is otherwise.
 */
export async function checkRequests({ mutant, trusted, keepUnderscores }: AskedRequest): Promise<void> {
  const { text, pieces } = mutant;
  const limits = { rules: { maxHeaders: 100, keepUnderscores }, maxHeaderSize: 16_384 };
  const whole = readRequests([Buffer.from(text, 'latin1')], limits, trusted);
  const verdict = shown(whole);
  const inPieces = shown(readRequests(pieces, limits, trusted));
  if (inPieces !== verdict) throw new Error(`in pieces ${inPieces} instead of ${verdict}`);
  const { messages } = whole;
  if (messages.length === 0 || !messages.every(isKnown)) return;
  for (const message of messages) {
    const sent = forwardedRequest(message);
    compare(await requestsByLlhttp(sent), [seenIn(sent, message.body)], `forwarded ${JSON.stringify(sent)}`);
  }
  compareOriginal(await requestsByLlhttp(text), messages);
}

/** A response that is relayed is read alike by llhttp, and a broken one is broken for it too. */
export async function checkResponses({ method, mutant }: { method: string; mutant: Mutant }): Promise<void> {
  const { text, pieces } = mutant;
  const whole = readResponses([Buffer.from(text, 'latin1')], method);
  const inPieces = readResponses(pieces, method);
  const [verdict, other] = [shown(whole), shown(inPieces)];
  if (verdict !== other) throw new Error(`in pieces ${other} instead of ${verdict}`);
  const last = whole.messages.at(-1);
  if (whole.end !== 'clean' || last === undefined || last.head.status < 200) return;
  const sent = forwardedResponse(last);
  const seen = seenIn(sent, last.body);
  compare(await responsesByLlhttp(sent, method), [seen], `relayed ${JSON.stringify(sent)}`);
  // An interim response that speaks of the end of the connection ends it for llhttp, which reads no further.
  const original = (await responsesByLlhttp(text, method)).messages.at(-1);
  if (original === undefined || Number(original.start) < 200) return;
  // It takes `chunked` with a tab behind it (RFC 9110, section 5.6.3) for another coding.
  if (/^transfer-encoding:.*\t/im.test(last.head.text)) return;
  if (original.start !== seen.start || original.body !== last.body)
    throw new Error(
      `llhttp reads ${JSON.stringify(original)} of the original, we read ${JSON.stringify(seen)}`,
    );
}

interface Verdict {
  readonly messages: readonly ReadMessage<RequestHead | ResponseHead>[];
  readonly end: string | number;
}

function shown({ messages, end }: Verdict): string {
  const heads = messages.map(({ head, body, trailers }) => [
    head.text.slice(0, head.end),
    head.fields(),
    body,
    trailers,
  ]);
  return JSON.stringify([heads, end]);
}

/** As the data plane writes it to a backend. */
function forwardedRequest({ head, body, trailers }: ReadMessage<RequestHead>): string {
  const host = head.hasHostField ? '' : `Host: ${head.host || 'backend'}\r\n`;
  const forwarded = new ForwardedFields('192.0.2.1', 'http', () => true, 'fairlead-0123abcd');
  const fields = forwarded.of({ head, client: forwarded.clientOf(head) });
  const text = requestText(head, head.target, fields + host);
  if (head.length !== CHUNKED) return text + body;
  return text + inChunks(body) + lastChunk(head.trailers ? trailers : '');
}

/** As it writes it to a client of HTTP/1.1. */
function forwardedResponse({ head, body }: ReadMessage<ResponseHead>): string {
  const framing = responseFraming(head, 1);
  const text = responseText(head, framing, '');
  return framing === 'chunked' ? text + inChunks(body) + lastChunk('') : text + body;
}

const inChunks = (body: string) => (body === '' ? '' : `${chunkLine(body.length)}${body}\r\n`);

/** What must be seen in a message of ours. */
function seenIn(sent: string, body: string): Seen {
  const [first = '', ...lines] = sent.slice(0, sent.indexOf('\r\n\r\n')).split('\r\n');
  const words = first.split(' ');
  const start = first.startsWith('HTTP/') ? (words[1] ?? '') : words.slice(0, 2).join(' ');
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
  });
  return { start, fields, body };
}

function compare(found: SeenByLlhttp, wanted: readonly Seen[], what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify({ messages: wanted, error: '' })];
  if (a !== b) throw new Error(`llhttp reads ${a} instead of ${b}, ${what}`);
}

/** What llhttp reads of what the client sent: the same messages, as far as both read. */
function compareOriginal(found: SeenByLlhttp, messages: readonly ReadMessage<RequestHead>[]): void {
  for (const [i, { head, body }] of messages.entries()) {
    const seen = found.messages[i];
    const lines = head.text.slice(0, head.end);
    if (seen === undefined && isTooStrict(found.error, lines)) return;
    if (seen === undefined) throw new Error(`llhttp refuses the original: ${found.error || 'not whole'}`);
    const start = lines.slice(0, lines.indexOf('\r\n') - 9);
    if (seen.start !== start || seen.body !== body)
      throw new Error(
        `llhttp reads ${JSON.stringify(seen)} of the original, we read ${start} ${JSON.stringify(body)}`,
      );
    // It takes what follows for another protocol, even where it is none.
    if (/^upgrade:/im.test(lines)) return;
  }
}

/** What llhttp refuses although it has one meaning, and although it is forwarded in a form that it takes. */
function isTooStrict(error: string, lines: string): boolean {
  // Chunk extensions, which we read over whatever their grammar, and never forward.
  if (error.startsWith('HPE_STRICT Invalid character in chunk extensions')) return true;
  // Tabs around a value (RFC 9110, section 5.6.3).
  return error.startsWith('HPE_INVALID_TRANSFER_ENCODING') && /^transfer-encoding:.*\t/im.test(lines);
}
