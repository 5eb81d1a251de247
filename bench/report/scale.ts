import type { MemoryResults } from '../memory/results.ts';
import type { ScaleResults } from '../scale/results.ts';

interface Figure {
  readonly text: string;
  readonly measured: string;
  readonly goal: string;
  readonly isMet: boolean;
}

function table(figures: readonly Figure[]): string {
  return [
    '| | measured | goal | |',
    '|---|--:|--:|---|',
    ...figures.map(
      ({ text, measured, goal, isMet }) =>
        `| ${text} | ${measured} | ${goal} | ${isMet ? 'met' : 'missed'} |`,
    ),
  ].join('\n');
}

/** What a large installation costs. */
export function scaleTable(results: ScaleResults): string {
  const [one, many] = results.matchNs;
  const [quiet, changing] = results.p99Ms;
  return table([
    {
      text: `a match among 10,000 routes, beyond one among 1 (${one.toFixed(0)} ns)`,
      measured: `${(many - one).toFixed(0)} ns`,
      goal: '1,000 ns',
      isMet: many - one <= 1_000,
    },
    {
      text: 'start, until 5,000 containers are listed',
      measured: `${results.listedMs.toFixed(0)} ms`,
      goal: '2,000 ms',
      isMet: results.listedMs <= 2_000,
    },
    {
      text: `a change of one container keeps requests waiting (it is applied after ${results.changeMs.toFixed(0)} ms)`,
      measured: `${results.blockedMs.toFixed(0)} ms`,
      goal: '10 ms',
      isMet: results.blockedMs <= 10,
    },
    {
      text: `p99 of requests while a container changes each half second (${quiet.toFixed(1)} ms without)`,
      measured: `${changing.toFixed(1)} ms`,
      goal: 'the same',
      isMet: changing <= quiet * 1.2,
    },
    {
      text: 'checks of 5,000 backends each 5 s, of a core',
      measured: `${results.checksPercent.toFixed(1)} %`,
      goal: '10 %',
      isMet: results.checksPercent <= 10,
    },
  ]);
}

/** What connections and requests leave in memory. */
export function memoryTable(results: MemoryResults): string {
  const { connections, perConnection, perBareConnection, perConnectionAtFirst } = results;
  const { requests, slope, heapSlope } = results;
  const kb = (bytes: number) => `${(bytes / 1_024).toFixed(1)} KB`;
  return table([
    {
      text: `an idle connection of ${connections}; a bare socket of Node alone is ${kb(perBareConnection)}`,
      measured: kb(perConnection),
      goal: '4.0 KB',
      isMet: perConnection <= 4_096,
    },
    {
      text: 'the same in a fresh process, with what its young generation grows by',
      measured: kb(perConnectionAtFirst),
      goal: '4.0 KB',
      isMet: perConnectionAtFirst <= 4_096,
    },
    {
      text: `growth with a million requests, over the second half of ${(requests / 1e6).toFixed(1)} million`,
      measured: `${(slope / 1e6).toFixed(2)} MB`,
      goal: 'none',
      isMet: slope <= 500_000,
    },
    ...(heapSlope === undefined
      ? []
      : [
          {
            text: 'the same of what is alive in the heap',
            measured: `${(heapSlope / 1e3).toFixed(1)} KB`,
            goal: 'none',
            isMet: heapSlope <= 50_000,
          },
        ]),
  ]);
}
