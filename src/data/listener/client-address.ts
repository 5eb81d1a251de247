import { isIP, SocketAddress } from 'node:net';
import { plainAddress } from '../../model/ip.ts';
import { trimmed } from '../message/field.ts';

/** What a trusted proxy says of the client; empty where it says nothing. */
export interface ClientClaims {
  /** All X-Forwarded-For lines as one list. */
  readonly forwardedFor: string;
  readonly realIp: string;
}

/** Whether a trusted proxy speaks for a client: it is a request like others then, on a connection that is none of its. */
export function isThroughProxy({ head }: { readonly head: ClientClaims }): boolean {
  return head.forwardedFor !== '' || head.realIp !== '';
}

/** Entries of a chain that are looked at: each costs a look-up, and no request passes as many proxies. */
const MAX_ENTRIES = 32;
/** The longest address of IPv6, with its brackets and a port. */
const MAX_LENGTH = 64;

/**
 * The client's address: the first one from the right of X-Forwarded-For that is no trusted proxy, since each proxy
 * writes on the right and only the trusted ones write the truth. Where all are trusted it is the leftmost. Nothing is
 * believed of what stands left of an entry that is no address. X-Real-IP, which has no chain, counts alone.
 * @param peer the other end of the connection, a trusted proxy if it claims anything
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
    // RFC 9110, section 5.6.1: an empty element of a list is none.
    if (entry === '') continue;
    const address = readAddress(entry);
    if (address === undefined) return client;
    client = address;
    if (!isTrusted(address)) return client;
  }
  return client;
}

/**
 * An address as proxies write it, with a port and with the brackets of IPv6 or without, in the one form that stands
 * for it; undefined for all else.
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
