import { ProxyError } from '../errors.ts';
import { parseResponseHead, type ResponseHead } from '../message/response-head.ts';
import type { Exchange } from '../proxy/exchange.ts';
import type { HeadReader } from './head-reader.ts';
import type { ReadRules } from './request-reader.ts';

const SWITCHED = new ProxyError('bad-response', '101 without an Upgrade');
const FLOODED = new ProxyError('bad-response', 'interim responses without end');

/**
 * Reads on until the head of the final response, and hands on interim ones (RFC 9110, section 15.2). Answers the head,
 * what is wrong, or that more must come: `partial`, and `full` when the client does not take what it was handed.
 */
export function readResponseHeads(
  reader: HeadReader,
  buffer: Buffer,
  size: number,
  exchange: Exchange,
  { rules, maxHeaderSize }: ReadRules,
): ResponseHead | ProxyError | 'partial' | 'full' {
  let isFull = false;
  let found = reader.read(buffer, 0, size, maxHeaderSize);
  while (found === 'whole') {
    const head = parseResponseHead(reader.text, reader.blank, exchange.head.method, rules);
    if (head instanceof ProxyError) return head;
    reader.consume(reader.blank + 4);
    if (head.status >= 200) return head;
    if (head.status === 101) return SWITCHED;
    const flow = exchange.inform(head);
    if (flow === undefined) return FLOODED;
    isFull = flow === 'full';
    if (reader.hasBytes) found = reader.find(maxHeaderSize);
    else {
      reader.reset();
      found = 'partial';
    }
  }
  if (found !== 'partial') return new ProxyError('bad-response', `response head is ${found}`);
  return isFull ? 'full' : 'partial';
}
