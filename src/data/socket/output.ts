/** What became of the bytes that were written. */
export type Flow =
  /** They were sent or copied: their buffer can be used again. */
  | 'taken'
  /** Some are waiting, and their buffer with them. */
  | 'held'
  /** So many are waiting that the writer must stop until it is told `onDrain`. */
  | 'full';

/** The half of a transport that is written to. */
export interface Output {
  /** Adds latin1 text to what the next `flush` sends. */
  text(text: string): void;
  /**
   * Adds bytes. Those of the shared read buffer are copied; others must not change before `flush` answers, nor after it
   * unless it answers `taken`.
   */
  bytes(buffer: Buffer, from: number, to: number): void;
  /** Sends what was added, in one system call as a rule. */
  flush(): Flow;
  /** So much is waiting, or so many pieces, that nothing should be written until `onDrain`. */
  readonly isFull: boolean;
}
