import { connect } from 'node:net';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';

/** The most bytes that are read of an answer. */
const MAX_BYTES = 65_536;

export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends a GET of HTTP/1.0 (RFC 1945) to a server of this machine; undefined if it does not answer. It does without
 * `node:http`, whose loading alone costs as much CPU as the rest of a health check, which runs every few seconds.
 */
export function plainGet(
  address: Address,
  path: string,
  timeoutMs: number,
): Promise<PlainAnswer | undefined> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(address);
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (text) => {
      received += text;
      if (received.length > MAX_BYTES) socket.destroy();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(parsed(received));
    });
    socket.write(`GET ${path} HTTP/1.0\r\nHost: ${formatAddress(address)}\r\n\r\n`);
  });
}

function parsed(received: string): PlainAnswer | undefined {
  const head = /^HTTP\/1\.\d (\d{3}).*?\r\n\r\n/s.exec(received);
  return head === null ? undefined : { status: Number(head[1]), body: received.slice(head[0].length) };
}
