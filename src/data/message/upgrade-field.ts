import { listHas, TOKEN, trimmed } from './head.ts';
import type { RequestHead } from './request-head.ts';

/** One protocol of an Upgrade header (RFC 9110, section 7.8). */
const PROTOCOL = new RegExp(`^[${TOKEN}_]+(?:/[${TOKEN}_]+)?$`);
/** HTTP would be a second protocol of ours behind the checks of this one. */
const HTTP_PROTOCOL = /^(?:h2|h3|http\/)/;

/** What a request with an Upgrade header may be upgraded to, in lower case with commas; empty when to nothing. */
export function protocolsFor(head: RequestHead): string {
  if (head.minor === 0 || !head.hasConnectionOption('upgrade')) return '';
  // Who asks both first waits for the one that comes second (RFC 9110, section 10.1.1).
  if (head.length !== 0 && head.field('expect') !== undefined) return '';
  const protocols = head.upgrade === 'websocket' ? head.upgrade : otherProtocols(head.upgrade);
  // Its handshake has no body (RFC 6455, section 4.1), as a request to Docker's API has.
  return head.length !== 0 && listHas(protocols, 'websocket') ? '' : protocols;
}

/** Those of a list of protocols that a client may be given. */
function otherProtocols(list: string): string {
  return list
    .split(',')
    .map((protocol) => trimmed(protocol, 0, protocol.length))
    .filter((protocol) => PROTOCOL.test(protocol) && !HTTP_PROTOCOL.test(protocol))
    .join(', ');
}
