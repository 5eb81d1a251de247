import type { Server } from 'node:http';
import { customerAt, isLoopback, parseIp } from '../model/ip.ts';

/** The limits of connections to the admin address. Times are in milliseconds. */
export interface AdminLimits {
  /** The most connections of one address (IPv6 by /64): what two browsers open. */
  readonly perClient: number;
  /** The most connections of all other machines; this machine may have `perClient` besides. */
  readonly all: number;
  readonly headersMs: number;
  readonly requestMs: number;
  /** The most time between two requests of a connection, and between two bytes of a response that the client takes. */
  readonly idleMs: number;
}

/** More than browsers and Prometheus need. Descriptors are set aside for these (data/listener/descriptors.ts). */
export const ADMIN_LIMITS: AdminLimits = {
  perClient: 12,
  all: 24,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 30_000,
};

/** Keeps the connections of a server within the limits; one too many is closed at once. */
export function limitConnections(server: Server, limits: AdminLimits): void {
  const open = new Map<string, number>();
  let others = 0;
  server.headersTimeout = limits.headersMs;
  server.requestTimeout = limits.requestMs;
  server.keepAliveTimeout = limits.idleMs;
  server.timeout = limits.idleMs;
  server.on('connection', (socket) => {
    const ip = parseIp(socket.remoteAddress ?? '');
    if (ip === undefined) {
      // Without an address the client has left already.
      socket.destroy();
      return;
    }
    const client = isLoopback(ip) ? 'here' : customerAt(ip);
    const count = open.get(client) ?? 0;
    const isOther = client !== 'here';
    if (count >= limits.perClient || (isOther && others >= limits.all)) {
      socket.destroy();
      return;
    }
    open.set(client, count + 1);
    if (isOther) others++;
    socket.once('close', () => {
      const left = (open.get(client) as number) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
      if (isOther) others--;
    });
  });
}
