import type { Server } from 'node:http';
import { customerAt, isLoopback, parseIp } from '../model/ip.ts';

/** Times in milliseconds. */
export interface AdminLimits {
  /** Connections of one address (IPv6 by /64): two browsers' worth. */
  readonly perClient: number;
  /** Of all together, but of this machine itself, which has those of one client for its own. */
  readonly all: number;
  readonly headersMs: number;
  readonly requestMs: number;
  /** Between two requests of a connection, and between two bytes of a response that is not taken. */
  readonly idleMs: number;
}

/** Descriptors are set aside for these (data/descriptors.ts), and neither browsers nor Prometheus need more. */
export const ADMIN_LIMITS: AdminLimits = {
  perClient: 12,
  all: 24,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 30_000,
};

/** Keeps connections within the limits; the newest of too many is closed. */
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
      // It is gone already.
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
