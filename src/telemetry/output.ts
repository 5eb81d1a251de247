import { fstatSync } from 'node:fs';
import { type Clock, systemClock } from '../model/clock.ts';
import { openPen, type Pen } from './pens.ts';

/** What lines belong to: a line for each request, or what the program says it does. */
export type LogName = 'access' | 'program';

/** What a reader who stalls may leave in memory, in bytes; lines beyond it are lost. */
const MAX_WAITING_BYTES = 16 * 1_048_576;
/** After a failure nothing is tried for so long, and what comes meanwhile is lost. */
const RETRY_MS = 1_000;
/** At the end a reader who takes nothing for so long is not waited for… */
const PATIENCE_MS = 1_000;
/** …nor one who takes longer than that for all. */
const LAST_WORDS_MS = 5_000;

const NEWLINE = 10;

interface Lines {
  readonly bytes: Buffer;
  readonly log: LogName;
  /** Begins with the rest of a line that is half written. */
  readonly isRest?: boolean;
}

/** Hears that lines begin to be lost, and how many were once others are written again. */
export interface LossListener {
  onLosing(log: LogName, why: string): void;
  onLost(log: LogName, lines: number, why: string): void;
}

/**
 * Lines on their way to where a descriptor leads. Whatever becomes of them (a full disk, a reader who is gone or does
 * not read) is told and counted, and holds nobody up.
 */
export class Output {
  /** Lines that were lost so far. */
  readonly lost: Record<LogName, number> = { access: 0, program: 0 };
  readonly #openPen: () => Pen;
  readonly #clock: Clock;
  #listener: LossListener | undefined;
  #pen: Pen | undefined;
  #queue: Lines[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #isPumping = false;
  /** Why nothing is tried for a while. */
  #failure: string | undefined;
  /** What was lost since lines were last written, and why. */
  readonly #losing = new Map<LogName, { lines: number; why: string }>();
  /** Whoever waits for something to leave. */
  #waiters: (() => void)[] = [];

  constructor(open: () => Pen, clock: Clock = systemClock) {
    this.#openPen = open;
    this.#clock = clock;
  }

  /** Takes whole lines, which are its to keep. */
  write(bytes: Buffer, log: LogName): void {
    if (this.#failure !== undefined) return this.#lose({ bytes, log }, this.#failure);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES)
      return this.#lose({ bytes, log }, 'nobody reads them');
    this.#queue.push({ bytes, log });
    this.#waitingBytes += bytes.length;
    this.#pump();
  }

  listen(listener: LossListener): void {
    this.#listener = listener;
  }

  /** Resolves when all has left, or when it is of no use to wait any longer: then nothing but the end must follow. */
  async drained(): Promise<void> {
    const deadline = this.#clock.elapsed() + LAST_WORDS_MS;
    while (this.#queue.length > 0 && this.#failure === undefined && this.#clock.elapsed() < deadline)
      if (!(await this.#hasMoved())) return;
  }

  /** Whether something leaves before the reader tries our patience. */
  #hasMoved(): Promise<boolean> {
    return new Promise((resolve) => {
      // Not by the clock, whose timers keep no process alive: somebody waits for this one.
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
      this.#waitingBytes -= (this.#queue.shift() as Lines).bytes.length;
      if (this.#queue.length === 0) this.#tellLost();
    }
    for (const wake of this.#waiters.splice(0)) wake();
    this.#pump();
  }

  /** Gives up what waits, but for the rest of a line that is half written. */
  #rest(written: number, error: Error): void {
    const why = error.message;
    this.#pen?.close();
    this.#pen = undefined;
    const [head, ...others] = this.#queue as [Lines, ...Lines[]];
    const { torn, lost } = afterFailure(head, written);
    this.#queue = torn.length === 0 ? [] : [{ bytes: torn, log: head.log, isRest: true }];
    this.#waitingBytes = torn.length;
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

/** Of bytes of which so many left: the rest of the line that is cut in two, and the lines behind it. */
function afterFailure({ bytes, isRest = false }: Lines, written: number): { torn: Buffer; lost: Buffer } {
  const isTorn = written > 0 ? bytes[written - 1] !== NEWLINE : isRest;
  const end = isTorn ? bytes.indexOf(NEWLINE, written) + 1 : written;
  // A copy: it must not keep all of them in memory.
  return { torn: Buffer.from(bytes.subarray(written, end)), lost: bytes.subarray(end) };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

const outputs = new Map<number, Output>();

/** This process' standard output or error. One for both where both lead to the same, so that no line is cut by another. */
export function outputOf(fd: 1 | 2): Output {
  const known = outputs.get(fd);
  if (known !== undefined) return known;
  const isShared = isSame(1, 2);
  const shared = isShared ? outputs.get(3 - fd) : undefined;
  // Of the program's own log the last lines before a crash are those that matter.
  const output = shared ?? new Output(() => openPen(fd, fd === 2 && !isShared));
  outputs.set(fd, output);
  return output;
}

/** Lines that were lost in this process so far. */
export function linesLost(): Readonly<Record<LogName, number>> {
  const sum: Record<LogName, number> = { access: 0, program: 0 };
  for (const { lost } of new Set(outputs.values())) {
    sum.access += lost.access;
    sum.program += lost.program;
  }
  return sum;
}

/** Before the end of the process: resolves when the logs are written, or nobody reads them. */
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
