import { fstatSync } from 'node:fs';
import { type Clock, systemClock } from '../model/clock.ts';
import { openPen, type Pen } from './pens.ts';

/** The two logs: `access` has a line for each request, `program` tells what the program does. */
export type LogName = 'access' | 'program';

/** So many bytes are held for a reader who stalls; lines beyond that are lost. */
const MAX_QUEUED_BYTES = 16 * 1_048_576;
/** The pause after a failed write, in which all lines are lost. */
const RETRY_MS = 1_000;
/** At the end of the process nobody waits for a reader who takes nothing for so long… */
const PATIENCE_MS = 1_000;
/** …nor for one who needs longer than this for all of it. */
const LAST_WORDS_MS = 5_000;

const NEWLINE = 10;

interface Lines {
  readonly bytes: Buffer;
  readonly log: LogName;
  /** Whether the bytes begin with the rest of a line that is half written. */
  readonly isRest?: boolean;
}

/** Is told when lines begin to be lost, and how many were lost once lines are written again. */
export interface LossListener {
  onLosing(log: LogName, why: string): void;
  onLost(log: LogName, lines: number, why: string): void;
}

/**
 * Writes lines to a descriptor without ever holding up whoever has them. Lines that cannot be written (a full disk, a
 * reader who is gone or does not read) are counted and reported.
 */
export class Output {
  /** How many lines were lost so far. */
  readonly lost: Record<LogName, number> = { access: 0, program: 0 };
  readonly #openPen: () => Pen;
  readonly #clock: Clock;
  #listener: LossListener | undefined;
  #pen: Pen | undefined;
  #queue: Lines[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #isPumping = false;
  /** The reason of the last failure, during the pause that follows it. */
  #failure: string | undefined;
  /** How many lines were lost since one was last written, and why. */
  readonly #losing = new Map<LogName, { lines: number; why: string }>();
  /** Called when bytes were written or failed. */
  #waiters: (() => void)[] = [];

  constructor(open: () => Pen, clock: Clock = systemClock) {
    this.#openPen = open;
    this.#clock = clock;
  }

  /** Queues whole lines; the buffer must not be changed any more. */
  write(bytes: Buffer, log: LogName): void {
    if (this.#failure !== undefined) return this.#lose({ bytes, log }, this.#failure);
    if (this.#queuedBytes + bytes.length > MAX_QUEUED_BYTES)
      return this.#lose({ bytes, log }, 'nobody reads them');
    this.#queue.push({ bytes, log });
    this.#queuedBytes += bytes.length;
    this.#pump();
  }

  listen(listener: LossListener): void {
    this.#listener = listener;
  }

  /** Resolves when all lines are written or it is useless to wait any longer. Only the end of the process may follow. */
  async drained(): Promise<void> {
    const deadline = this.#clock.elapsed() + LAST_WORDS_MS;
    while (this.#queue.length > 0 && this.#failure === undefined && this.#clock.elapsed() < deadline)
      if (!(await this.#hasMoved())) return;
  }

  /** Resolves with true once anything was written or failed, with undefined if nothing was in `PATIENCE_MS`. */
  #hasMoved(): Promise<boolean> {
    return new Promise((resolve) => {
      // Not a timer of the clock: those do not keep the process alive, and this one must.
      const timer = setTimeout(resolve, PATIENCE_MS, false);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (!this.#isWriting && this.#failure === undefined && this.#queue.length > 0) this.#writeNext();
    this.#isPumping = false;
  }

  #writeNext(): void {
    this.#isWriting = true;
    const { bytes } = this.#queue[0] as Lines;
    try {
      this.#pen ??= this.#openPen();
      this.#pen.write(bytes, (written, error) => this.#onWritten(written, error));
    } catch (error) {
      this.#onWritten(0, error as Error);
    }
  }

  #onWritten(written: number, error: Error | undefined): void {
    this.#isWriting = false;
    if (error !== undefined) this.#rest(written, error);
    else {
      this.#queuedBytes -= (this.#queue.shift() as Lines).bytes.length;
      if (this.#queue.length === 0) this.#tellLost();
    }
    for (const wake of this.#waiters.splice(0)) wake();
    this.#pump();
  }

  /** Drops what is queued, except for the rest of a line that is half written, and pauses. */
  #rest(written: number, error: Error): void {
    const why = error.message;
    this.#pen?.close();
    this.#pen = undefined;
    const [head, ...others] = this.#queue as [Lines, ...Lines[]];
    const { torn, lost } = afterFailure(head, written);
    this.#queue = torn.length === 0 ? [] : [{ bytes: torn, log: head.log, isRest: true }];
    this.#queuedBytes = torn.length;
    this.#failure = why;
    this.#clock.after(RETRY_MS, () => {
      this.#failure = undefined;
      this.#pump();
    });
    for (const lines of [{ bytes: lost, log: head.log }, ...others]) this.#lose(lines, why);
  }

  #lose({ bytes, log }: Lines, why: string): void {
    const lines = countLines(bytes);
    if (lines === 0) return;
    this.lost[log] += lines;
    const known = this.#losing.get(log);
    this.#losing.set(log, { lines: (known?.lines ?? 0) + lines, why });
    if (known === undefined) this.#listener?.onLosing(log, why);
  }

  #tellLost(): void {
    for (const [log, { lines, why }] of this.#losing) {
      this.#losing.delete(log);
      this.#listener?.onLost(log, lines, why);
    }
  }
}

/** Splits the bytes behind the written ones into the rest of the line that is half written and the lines that are lost. */
function afterFailure({ bytes, isRest = false }: Lines, written: number): { torn: Buffer; lost: Buffer } {
  const isTorn = written > 0 ? bytes[written - 1] !== NEWLINE : isRest;
  const end = isTorn ? bytes.indexOf(NEWLINE, written) + 1 : written;
  // Copied, since a view would keep the whole buffer in memory.
  return { torn: Buffer.from(bytes.subarray(written, end)), lost: bytes.subarray(end) };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

const outputs = new Map<number, Output>();

/** The output for standard output or error; the same for both where both lead to one file, so that lines do not mix. */
export function outputOf(fd: 1 | 2): Output {
  const known = outputs.get(fd);
  if (known !== undefined) return known;
  const isShared = isSame(1, 2);
  const shared = isShared ? outputs.get(3 - fd) : undefined;
  // The program's log is written at once, since the last lines before a crash are those that matter.
  const output = shared ?? new Output(() => openPen(fd, fd === 2 && !isShared));
  outputs.set(fd, output);
  return output;
}

/** How many lines this process has lost so far, by log. */
export function linesLost(): Readonly<Record<LogName, number>> {
  const sum: Record<LogName, number> = { access: 0, program: 0 };
  for (const { lost } of new Set(outputs.values())) {
    sum.access += lost.access;
    sum.program += lost.program;
  }
  return sum;
}

/** Resolves when the logs are written, or nobody reads them. Called right before the end of the process. */
export async function drainOutputs(): Promise<void> {
  await Promise.all([...outputs.values()].map((output) => output.drained()));
}

function isSame(one: number, other: number): boolean {
  try {
    const [a, b] = [fstatSync(one), fstatSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}
