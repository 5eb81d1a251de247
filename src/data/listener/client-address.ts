import { isIP, SocketAddress } from 'node:net';
import { plainAddress } from '../../model/ip.ts';
import { trimmed } from '../message/field.ts';

/** What a trusted proxy says of the client; empty where it says nothing. */
export interface ClientClaims {
  /** All X-Forwarded-For lines as one list. */
  readonly forwardedFor: string;
  readonly realIp: string;
}

/**
 * Whether a trusted proxy speaks for the client of a request: the connection is then the proxy's, and carries requests of many.
 */
export function isThroughProxy({ head }: { readonly head: ClientClaims }): boolean {
  return head.forwardedFor !== '' || head.realIp !== '';
}

/** The most entries of X-Forwarded-For that are looked at: each costs a look-up, and no real request passes so many proxies. */
const MAX_ENTRIES = 32;
/** The longest text of an IPv6 address, with brackets and a port. */
const MAX_LENGTH = 64;

/**
 * The client's address: in X-Forwarded-For the first one from the right that is no trusted proxy, since each proxy adds on the
 * right and only trusted proxies write the truth. If all are trusted it is the leftmost. An entry that is no address ends the
 * search: nothing to its left is believed. X-Real-IP counts only without X-Forwarded-For.
 * @param peer the other end of the connection; a trusted proxy, if there are claims
 */
export function clientOf(
  peer: string,
  { forwardedFor, realIp }: ClientClaims,
  isTrusted: (address: string) => boolean,
): string {
  if (forwardedFor === '') return realIp === '' ? peer : (readAddress(realIp) ?? peer);
  let client = peer;
  let end = forwardedFor.length;
  for (let i = 0; i < MAX_ENTRIES && end >= 0; i++) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1);
    const entry = trimmed(forwardedFor, comma + 1, end);
    end = comma;
    // RFC 9110, section 5.6.1: an empty element of a list does not count.
    if (entry === '') continue;
    const address = readAddress(entry);
    if (address === undefined) return client;
    client = address;
    if (!isTrusted(address)) return client;
  }
  return client;
}

/**
 * Reads an address as proxies write it, with or without a port or the brackets of IPv6, and returns its one canonical form;
 * undefined for all else.
 */
export function readAddress(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, inBrackets, withPort] = /^(?:\[(.*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(text) ?? [];
  const address = inBrackets ?? withPort ?? text;
  const family = isIP(address);
  if (family === 4 && inBrackets === undefined) return address;
  if (family !== 6) return undefined;
  const { address: shortest } = new SocketAddress({ address, family: 'ipv6' });
  return plainAddress(shortest);
}
