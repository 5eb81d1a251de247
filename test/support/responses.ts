import type { RawClient } from './client.ts';

/** A response as it came, byte for byte (latin1). */
export interface RawResponse {
  readonly status: number;
  /** The status line and the header lines, without the empty line. */
  readonly head: string;
  /** By lower-case name; of a doubled header the last. */
  readonly headers: Record<string, string>;
  readonly body: string;
  /** The trailer lines, each with its CRLF. */
  readonly trailers: string;
}

/** What follows a head, of a text that may not be whole. */
interface Framed {
  readonly body: string;
  readonly trailers: string;
  readonly end: number;
}

/**
 * The whole responses that a text begins with, in order. One whose end is the end of the connection is whole when
 * `isClosed`. Throws at what is no response.
 * @param method of the requests: one for all, or each in order
 */
export function parseResponses(
  text: string,
  isClosed = false,
  method: string | readonly string[] = 'GET',
): RawResponse[] {
  const found = new Found();
  parseOn(found, text, isClosed, method);
  return found.responses;
}

/** What was found so far in a text that grows: it is read once, not again with each piece. */
class Found {
  readonly responses: RawResponse[] = [];
  answered = 0;
  end = 0;
}

function parseOn(found: Found, text: string, isClosed: boolean, method: string | readonly string[]): void {
  for (let at = found.end; at < text.length; ) {
    const blank = text.indexOf('\r\n\r\n', at);
    if (blank === -1) break;
    const head = text.slice(at, blank);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) throw new Error(`no response: ${JSON.stringify(text.slice(at, at + 200))}`);
    const headers = headersOf(head);
    const asked = typeof method === 'string' ? method : (method[found.answered] ?? 'GET');
    const framed = frame(text, blank + 4, status, headers, isClosed, asked);
    if (framed === undefined) break;
    found.responses.push({ status, head, headers, body: framed.body, trailers: framed.trailers });
    if (status >= 200) found.answered++;
    at = framed.end;
    found.end = at;
  }
}

/** Waits for that many final responses, and answers them. */
export async function responses(client: RawClient, count: number, method = 'GET'): Promise<RawResponse[]> {
  const found = new Found();
  const isThere = () => {
    parseOn(found, client.received, client.isClosed, method);
    return found.answered >= count;
  };
  if (!isThere()) await client.until(isThere, `${count} responses`);
  return found.responses.filter(({ status }) => status >= 200);
}

/** Sends a request and waits for the one response to it; what was received before is forgotten. */
export async function exchange(client: RawClient, request: string, method = 'GET'): Promise<RawResponse> {
  client.received = '';
  client.send(request);
  const [response] = await responses(client, 1, method);
  if (response === undefined) throw new Error('no response');
  return response;
}

function headersOf(head: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}

function frame(
  text: string,
  from: number,
  status: number,
  headers: Record<string, string>,
  isClosed: boolean,
  method: string,
): Framed | undefined {
  const none = { body: '', trailers: '', end: from };
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return none;
  if (headers['transfer-encoding'] === 'chunked') return readChunks(text, from);
  const length = headers['content-length'];
  if (length === undefined)
    return isClosed ? { ...none, body: text.slice(from), end: text.length } : undefined;
  const end = from + Number(length);
  return end > text.length ? undefined : { ...none, body: text.slice(from, end), end };
}

function readChunks(text: string, from: number): Framed | undefined {
  let body = '';
  for (let at = from; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (!/^[0-9a-f]+$/.test(text.slice(at, line))) throw new Error(`no chunk: ${text.slice(at, line)}`);
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', line);
      return end === -1 ? undefined : { body, trailers: text.slice(line + 2, end + 2), end: end + 4 };
    }
    const end = line + 2 + size;
    if (text.length < end + 2) return undefined;
    if (text.slice(end, end + 2) !== '\r\n') throw new Error('a chunk is longer than its size');
    body += text.slice(line + 2, end);
    at = end + 2;
  }
}
