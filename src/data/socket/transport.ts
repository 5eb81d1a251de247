import type { Duplex } from 'node:stream';
import type { Output } from './output.ts';

export type { Flow } from './output.ts';

/**
 * Whom a transport tells what happens to it. What one of these throws goes to `onBroken`, and harms nobody else.
 * Nothing is told after `onClose`.
 */
export interface TransportOwner {
  /**
   * Where the next read goes to, if the transport can read to a given place. The buffer is the transport's until it asks for
   * another one, or closes.
   */
  nextBuffer?(): Buffer;
  /**
   * Takes what was read: the first `size` bytes of the buffer, which is the latest of `nextBuffer` or, where none was asked
   * for, one of just that size that the owner may keep.
   */
  onRead(buffer: Buffer, size: number): void;
  /** A transport that was opened has its connection. */
  onConnect?(): void;
  /** After `full`: more may be written. */
  onDrain(): void;
  /** The other end says no more. It may still listen. */
  onEnd(): void;
  /** It is closed. @param cause why, when something went wrong */
  onClose(cause: NodeJS.ErrnoException | undefined): void;
  onBroken(error: unknown): void;
}

/**
 * One connection, whatever it is made of and whoever opened it: the only way in which protocols read and write. One that was
 * accepted begins to read once the turn in which it came is over, one that was opened once it is connected.
 * No method throws, in whatever state the connection is; what is written after `end`, or to one that is closed, is dropped.
 */
export interface Transport extends Output {
  /** The address of the other end, without port; empty when it was gone before it was asked for. */
  readonly peer: string;

  /** Bytes that were flushed and wait to be sent. */
  readonly pending: number;

  /** Reads no more than what one read brings next. */
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;

  /** Says that nothing more comes, after all that was written. Reading goes on. @param onSent when all of it was sent */
  end(onSent?: () => void): void;
  /** It was told to end. */
  readonly isEnded: boolean;
  /** Ends, and closes once what was written was sent, whether the other end has ended or not. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
  /**
   * Closes at once, and so that the other end sees an error and takes what it has for no whole message. Of one that has ended
   * it is the same as `destroy`: then nothing was left out.
   */
  reset(): void;
  /** Nothing can be sent any more, nor does anything come. */
  readonly isClosed: boolean;

  /** Has the kernel ask a silent other end now and then whether it is there; it closes when it is not. */
  keepAlive(): void;
  /** Closes if the kernel knows that the other end is gone: of a transport that nobody reads that is not heard otherwise. */
  ask(): void;
  /** Writes text at once, and tells whether it was refused since the other end had reset the connection before. */
  tryWrite(text: string, onTried: (isRefused: boolean) => void): void;

  /** Somebody else is told what happens from now on, and nobody else. */
  transfer(owner: TransportOwner): void;
  /** Nothing is written for a while: lays down what it takes to write, until something is. */
  rest(): void;
  /** The same connection for libraries that want a stream. Its owner neither reads nor writes while they do. */
  readonly stream: Duplex;
}
