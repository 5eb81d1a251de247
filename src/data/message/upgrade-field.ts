import { listHas, trimmed } from './field.ts';
import { type Head, TOKEN } from './head.ts';

/** One protocol of an Upgrade header (RFC 9110, section 7.8). */
const PROTOCOL = new RegExp(`^[${TOKEN}_]+(?:/[${TOKEN}_]+)?$`);
/** HTTP would be a second protocol of ours behind the checks of this one. */
const HTTP_PROTOCOL = /^(?:h2|h3|http\/)/;

/**
 * What a request may be upgraded to, with commas; empty when to nothing.
 * @param asked what its Upgrade headers say, in lower case
 */
export function protocolsFor(asked: string, head: Head): string {
  if (head.minor === 0 || !head.hasConnectionOption('upgrade')) return '';
  // Who asks both first waits for the one that comes second (RFC 9110, section 10.1.1).
  if (head.length !== 0 && head.field('expect') !== undefined) return '';
  const protocols = asked === 'websocket' ? asked : otherProtocols(asked);
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
