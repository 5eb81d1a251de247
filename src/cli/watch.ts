import type { LiveState } from '../admin/state.ts';
import type { Clock } from '../model/clock.ts';
import { statusReport } from './status-report.ts';
import { ago, statusTable, wholeTable } from './status-table.ts';
import { type Line, painted, plain, span } from './styled.ts';
import { EXIT_FAILURE, printError, type Screen, write } from './terminal.ts';

/** The result of a look at a running Fairlead: its state, or why there is none. */
export type Answer = { readonly state: LiveState } | { readonly error: string };

export interface WatchInput {
  readonly look: () => Promise<Answer>;
  /** Whether each look is a JSON document on a line instead of a table. */
  readonly isJson: boolean;
  readonly intervalMs: number;
  /** Returns the terminal to draw on in place; undefined if tables follow each other. */
  readonly screen: () => Screen | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/** Turns on the alternate screen, and off the cursor and the wrapping of lines; `LEAVE` undoes that. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';

/** The part of the screen that problems may take. */
const PROBLEMS = 1 / 3;

/** Shows what `look` finds until somebody ends it. It is a failure only if the first look finds nothing. */
export async function watch(input: WatchInput): Promise<number> {
  const first = await input.look();
  if ('error' in first) {
    printError(`error: ${first.error}`);
    return EXIT_FAILURE;
  }
  const ending = endOf(process.stdout);
  const isDrawn = !input.isJson && input.screen() !== undefined;
  if (isDrawn) await write(ENTER);
  try {
    await loop(input, first, isDrawn, ending.promise);
  } finally {
    ending.dispose();
    if (isDrawn) await write(LEAVE);
  }
  return 0;
}

async function loop(
  { look, isJson, intervalMs, screen, clock }: WatchInput,
  first: { readonly state: LiveState },
  isDrawn: boolean,
  ending: Promise<'end'>,
): Promise<void> {
  let { state } = first;
  const news = new News();
  let answer: Answer = first;
  for (;;) {
    const isNew = news.hear(answer, clock.now());
    if ('state' in answer) state = answer.state;
    const notice = news.line(clock.now());
    const shown = screen();
    let text: string | undefined;
    if (isDrawn && shown !== undefined) text = drawn(state, notice, shown);
    // Where nothing is drawn over, an error is printed only once.
    else if ('error' in answer) text = isNew && !isJson ? `${notice}\n\n` : '';
    else if (isJson) text = `${JSON.stringify(statusReport(state))}\n`;
    else text = block(state, isNew ? notice : undefined);
    const isRead = await Promise.race([write(text), ending]);
    if (isRead !== true) return;
    // When the size of the window changes, it is drawn again at once.
    const pause = waitFor(intervalMs, isDrawn);
    if ((await Promise.race([pause.promise, ending])) === 'end') return pause.dispose();
    pause.dispose();
    const next = await Promise.race([look(), ending]);
    if (next === 'end') return;
    answer = next;
  }
}

/** Notices what became of Fairlead since the first look. */
export class News {
  #startedAt: number | undefined;
  #lost: { readonly since: number; readonly why: string } | undefined;
  #restartedAt: number | undefined;

  /** Takes an answer; returns whether there is anything new to say. */
  hear(answer: Answer, now: number): boolean {
    if ('error' in answer) {
      const isNew = this.#lost === undefined || this.#lost.why !== answer.error;
      this.#lost = { since: this.#lost?.since ?? now, why: answer.error };
      return isNew;
    }
    const { startedAt } = answer.state;
    const isRestarted = this.#startedAt !== undefined && startedAt !== this.#startedAt;
    const isBack = this.#lost !== undefined || isRestarted;
    this.#lost = undefined;
    this.#startedAt = startedAt;
    if (isRestarted) this.#restartedAt = startedAt;
    return isBack;
  }

  line(now: number): string | undefined {
    if (this.#lost !== undefined)
      return `${this.#lost.why}; for ${ago(now - this.#lost.since)}, asking again`;
    if (this.#restartedAt === undefined) return undefined;
    return `Fairlead was restarted at ${new Date(this.#restartedAt).toISOString()}`;
  }
}

/** Makes a whole screen, no line of which is too long, and no more lines than fit. */
export function drawn(
  state: LiveState,
  notice: string | undefined,
  { columns, rows, hasColor }: Screen,
): string {
  const table = statusTable(state, columns);
  const most = Math.max(1, Math.floor(rows * PROBLEMS));
  const problems = few(table.problems, most, 'problems');
  const above: Line[] = [
    ...(notice === undefined ? [] : [[span(notice, 'warn')]]),
    ...table.head,
    ...problems,
    [],
  ];
  const lines = few([...above, ...table.rows], rows, 'lines (fairlead status SERVICE shows some)');
  const text = lines.map((line) => painted(line, { columns, hasColor }) + REST_OF_LINE).join('\n');
  return HOME + text + REST_OF_SCREEN;
}

/** The first lines, and how many more there are. */
function few(lines: readonly Line[], most: number, what: string): Line[] {
  if (lines.length <= most) return [...lines];
  const shown = lines.slice(0, most - 1);
  return [...shown, [span(`… ${lines.length - shown.length} more ${what}`, 'faint')]];
}

/** A table to print below the last one. */
function block(state: LiveState, notice: string | undefined): string {
  const lines = wholeTable(statusTable(state)).map(plain);
  const [first = '', ...rest] = lines;
  const at = `${first}, ${new Date(state.now).toISOString()}`;
  return [...(notice === undefined ? [] : [notice]), at, ...rest, '', ''].join('\n');
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves when a signal ends the command, or nobody reads its output any more. */
function endOf(stream: NodeJS.WriteStream): { readonly promise: Promise<'end'>; dispose(): void } {
  const { promise, resolve } = Promise.withResolvers<'end'>();
  const end = () => resolve('end');
  for (const signal of SIGNALS) process.on(signal, end);
  stream.on('error', end);
  stream.on('close', end);
  return {
    promise,
    dispose() {
      for (const signal of SIGNALS) process.off(signal, end);
      stream.off('close', end);
    },
  };
}

/** Resolves after a time, or when the size of the window changes. */
function waitFor(ms: number, isDrawn: boolean): { readonly promise: Promise<void>; dispose(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onResize = () => resolve();
  if (isDrawn) process.stdout.on('resize', onResize);
  return {
    promise,
    dispose() {
      clearTimeout(timer);
      process.stdout.off('resize', onResize);
    },
  };
}
