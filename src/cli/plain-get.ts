import { connect } from 'node:net';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';

/** More of an answer is of no interest, in bytes. */
const MAX_BYTES = 65_536;

export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks a server of this machine as plainly as HTTP can be (RFC 1945), and undefined is none: loading `node:http` alone costs as
 * much CPU as all the rest of a health check, which is asked for every few seconds.
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
