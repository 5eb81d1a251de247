import type { Duplex } from 'node:stream';
import type { KeyPair } from '../../model/keyring.ts';
import type { Output } from './output.ts';

export type { Flow } from './output.ts';

/** What a client knows of us before it says anything within TLS. */
export interface Shown {
  /** The name that it asked for, in lower case; empty if it named nobody. */
  readonly name: string;
  readonly pair: KeyPair;
}

/**
 * Is told by a transport what happens to it. What one of these methods throws is passed to `onBroken`, and harms no other
 * connection. Nothing is told after `onClose`.
 */
export interface TransportOwner {
  /**
   * The buffer for the next read, if the transport can read into a given buffer. It is the transport's until the transport asks
   * for another one, or closes.
   */
  nextBuffer?(): Buffer;
  /**
   * Takes what was read: the first `size` bytes of the buffer. That is the latest of `nextBuffer` or, if none was asked for, a
   * buffer of just that size, which the owner may keep.
   */
  onRead(buffer: Buffer, size: number): void;
  /** A transport that we opened is connected. */
  onConnect?(): void;
  /** More may be written, after a `flush` returned `full`. */
  onDrain(): void;
  /** The other end has ended its side. It may still listen. */
  onEnd(): void;
  /**
   * The transport is closed.
   * @param cause why, when something went wrong
   */
  onClose(cause: NodeJS.ErrnoException | undefined): void;
  onBroken(error: unknown): void;
}

/**
 * One connection, whatever it is made of and whoever opened it: the only way in which protocols read and write. An accepted
 * transport begins to read once the turn in which it came is over, an opened one once it is connected. No method throws, in
 * whatever state the connection is. What is written after `end`, or to a closed transport, is dropped.
 */
export interface Transport extends Output {
  /** The address of the other end, without port; empty if the other end was gone before we asked for it. */
  readonly peer: string;
  /** Undefined but for a client that connected with TLS. */
  readonly shown: Shown | undefined;

  /** Bytes that were flushed and wait to be sent. */
  readonly pending: number;

  /** Stops reading. One more read may still come. */
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;

  /**
   * Ends our side after all that was written. Reading goes on.
   * @param onSent called when all of it was sent
   */
  end(onSent?: () => void): void;
  /** `end` or `close` was called. */
  readonly isEnded: boolean;
  /** Ends our side, and closes once what was written was sent, whether the other end has ended or not. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
  /**
   * Closes at once, in such a way that the other end sees an error and does not take what it has for a whole message. On a
   * transport that has ended this is the same as `destroy`: nothing was left out then.
   */
  reset(): void;
  /** The transport is closed: nothing can be sent any more, and nothing comes. */
  readonly isClosed: boolean;

  /** Has the kernel ask a silent other end now and then whether it is there. The transport closes when it is not. */
  keepAlive(): void;
  /** Closes if the kernel knows that the other end is gone. A transport that nobody reads would not hear of that otherwise. */
  ask(): void;
  /** Writes text at once, and tells whether the write was refused because the other end had reset the connection before. */
  tryWrite(text: string, onTried: (isRefused: boolean) => void): void;

  /** Another owner is told what happens from now on, in place of the present one. */
  transfer(owner: TransportOwner): void;
  /** Nothing will be written for a while: frees what is only needed for writing, until something is written. */
  rest(): void;
  /** The same connection as a stream, for libraries that want one. While they use it, its owner neither reads nor writes. */
  readonly stream: Duplex;
}
