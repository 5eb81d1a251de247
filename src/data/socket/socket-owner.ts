import type { Socket } from 'node:net';
import { plainAddress } from '../../model/ip.ts';
import { DirectRead } from './direct-read.ts';

/** Whom a client's socket tells what happens to it. */
export interface SocketOwner {
  onData(chunk: Buffer): void;
  onDrain(): void;
  onEnd(): void;
  onClose(): void;
  /** One of these threw. */
  onBroken(error: unknown): void;
}

const OWNER = Symbol('owner');
type Owned = Socket & { [OWNER]: SocketOwner };

// One listener of each kind for all sockets: made for each they were a fifth of what an idle connection costs.
const reading = new DirectRead(function (chunk) {
  const owner = (this as Owned)[OWNER];
  try {
    owner.onData(chunk);
  } catch (error) {
    owner.onBroken(error);
  }
});
function onDrain(this: Socket): void {
  const owner = (this as Owned)[OWNER];
  try {
    owner.onDrain();
  } catch (error) {
    owner.onBroken(error);
  }
}
function onEnd(this: Socket): void {
  const owner = (this as Owned)[OWNER];
  try {
    owner.onEnd();
  } catch (error) {
    owner.onBroken(error);
  }
}
function onClose(this: Socket): void {
  const owner = (this as Owned)[OWNER];
  try {
    owner.onClose();
  } catch (error) {
    owner.onBroken(error);
  }
}
function onError(): void {}

/** Takes a socket, in the turn in which it came: a reset that nobody listens for would end the process. */
export function own(socket: Socket, owner: SocketOwner): void {
  (socket as Owned)[OWNER] = owner;
  socket.on('error', onError);
  reading.begin(socket);
  socket.on('drain', onDrain).on('end', onEnd).on('close', onClose);
}

/** Somebody else reads and writes from now on. The owner still hears of its end and its close. */
export function handOver(socket: Socket): void {
  socket.off('drain', onDrain);
  reading.end(socket);
}

/** The address of a socket's other end, without port; empty when it was gone before it was asked. */
export function addressOf(socket: Socket): string {
  return plainAddress(socket.remoteAddress ?? '');
}
