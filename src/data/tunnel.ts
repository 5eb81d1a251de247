import type { Socket } from 'node:net';
import { DirectRead } from './http1/direct-read.ts';

/**
 * Passes on between two sockets what each reads, in place of the pipes that joined them: a pipe takes every chunk
 * through the queue and the events of a stream.
 */
export function joinDirectly(client: Socket, backend: Socket): void {
  pass(client, backend);
  pass(backend, client);
}

function pass(from: Socket, to: Socket): void {
  from.unpipe(to);
  new DirectRead((chunk) => {
    if (!to.write(chunk)) from.pause();
  }).begin(from);
  to.on('drain', () => from.resume());
  // The other direction may go on: half a connection is closed.
  from.on('end', () => to.end());
  from.resume();
}
