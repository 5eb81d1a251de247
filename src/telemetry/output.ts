import pino from 'pino';

/** Standard output or error, written to by another thread, so that a reader who lags holds nobody up. */
export interface Output {
  /** Takes lines, which are its to keep. False: before there are more of them, wait until it is drained. */
  write(lines: Buffer): boolean;
  /** Resolves when all that was written has left, or nobody reads it any more. */
  drained(): Promise<void>;
}

export interface OutputOptions {
  /** Writes at once instead, for lines that are too rare to wait for. */
  readonly sync?: boolean;
  /** What a reader that stalls may leave in memory, in bytes; lines beyond it are dropped. 0 is no limit. */
  readonly maxLength?: number;
}

export function openOutput(fd: 1 | 2, { sync = false, maxLength = 0 }: OutputOptions = {}): Output {
  const destination = pino.destination({ dest: fd, sync, maxLength, contentMode: 'buffer' });
  let isWaiting = false;
  let waiters: (() => void)[] = [];
  const settle = () => {
    isWaiting = false;
    const settled = waiters;
    waiters = [];
    for (const run of settled) run();
  };
  destination.on('drain', settle).on('error', (error: NodeJS.ErrnoException) => {
    settle();
    // The reader is gone; what is written from now on is thrown away.
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    write(lines) {
      // Its types know strings only. By its name each time: when the reader is gone another is there, which answers nothing.
      const hasRoom = destination.write(lines as unknown as string) as boolean | undefined;
      isWaiting = hasRoom !== undefined;
      return hasRoom !== false;
    },
    // Not flushSync: it writes what comes next while the other thread is still at what came before.
    drained: () => new Promise((resolve) => (isWaiting ? waiters.push(resolve) : resolve())),
  };
}
