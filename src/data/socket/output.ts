/** What became of the bytes that were written. */
export type Flow =
  /** The bytes were sent or copied: their buffer can be used again. */
  | 'taken'
  /** Some bytes wait to be sent, and their buffer with them. */
  | 'held'
  /** So many bytes wait that the writer must stop until it is told `onDrain`. */
  | 'full';

/** The half of a transport that is written to. */
export interface Output {
  /** Adds latin1 text to what the next `flush` sends. */
  text(text: string): void;
  /**
   * Adds bytes to what the next `flush` sends. Bytes of the shared read buffer are copied. Others must not change before
   * `flush` returns, nor after it unless it returns `taken`.
   */
  bytes(buffer: Buffer, from: number, to: number): void;
  /** Sends what was added, in one system call as a rule. */
  flush(): Flow;
  /** So many bytes wait, or so many pieces, that nothing should be written until `onDrain`. */
  readonly isFull: boolean;
}
