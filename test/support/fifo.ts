import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

/** A pipe whose reading end is a test's to read, to leave unread, or to close. */
export class Fifo {
  readonly path: string;
  /** For a program to write to. */
  readonly writer: number;
  /** All that was read of it. */
  text = '';
  #reader: number | undefined;
  readonly #buffer = Buffer.alloc(65_536);

  constructor(t: Test) {
    this.path = join(t.testdir({}), 'fifo');
    execFileSync('mkfifo', [this.path]);
    this.#reader = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = openSync(this.path, 'w');
    t.teardown(() => {
      this.close();
      closeSync(this.writer);
    });
  }

  /** Reads what is there now. */
  read(): string {
    if (this.#reader === undefined) return this.text;
    try {
      for (;;) {
        const count = readSync(this.#reader, this.#buffer);
        if (count === 0) break;
        this.text += this.#buffer.toString('latin1', 0, count);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return this.text;
  }

  /** The reader is gone. */
  close(): void {
    if (this.#reader !== undefined) closeSync(this.#reader);
    this.#reader = undefined;
  }

  /** Another one comes. */
  reopen(): void {
    this.#reader = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
  }
}
