import { listHas, trimmed } from './field.ts';
import { type Head, TOKEN } from './head.ts';

/** One protocol of an Upgrade header (RFC 9110, section 7.8). */
const PROTOCOL = new RegExp(`^[${TOKEN}_]+(?:/[${TOKEN}_]+)?$`);
/** Upgrades to HTTP itself are not passed on: a second protocol of requests would evade the checks of this one. */
const HTTP_PROTOCOL = /^(?:h2|h3|http\/)/;

/**
 * The protocols that a request may be upgraded to, separated by commas; empty if there are none.
 * @param asked the values of its Upgrade headers, in lower case
 */
export function protocolsFor(asked: string, head: Head): string {
  if (head.minor === 0 || !head.hasConnectionOption('upgrade')) return '';
  // A client that sends both headers gets 100 before 101, so it waits for the second first (RFC 9110, section 10.1.1).
  if (head.length !== 0 && head.field('expect') !== undefined) return '';
  const protocols = asked === 'websocket' ? asked : otherProtocols(asked);
  // The handshake of WebSocket has no body (RFC 6455, section 4.1); an upgrade request to Docker's API has one.
  return head.length !== 0 && listHas(protocols, 'websocket') ? '' : protocols;
}

/** The protocols of a list that a client may be given. */
function otherProtocols(list: string): string {
  return list
    .split(',')
    .map((protocol) => trimmed(protocol, 0, protocol.length))
    .filter((protocol) => PROTOCOL.test(protocol) && !HTTP_PROTOCOL.test(protocol))
    .join(', ');
}
