import type { CaseResult, HttpResults, Row } from '../http/results.ts';
import { type BarGroup, barChart } from './svg.ts';

const OWN = 'Fairlead';
/** The peer that the goals and the picture are in terms of. */
const PEER = 'HAProxy';

/** One case as a table: for each proxy its figures, and Fairlead's CPU per request as a multiple of its own. */
export function caseTable(result: CaseResult): string {
  const own = result.rows.find(({ proxy }) => proxy === OWN)?.cpu ?? Number.NaN;
  return [
    '| proxy | CPU µs/request | Fairlead costs | requests/s | p50 ms | p99 ms | p99.9 ms | memory MB | errors |',
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...result.rows.map((row) => `| ${cells(row, own).join(' | ')} |`),
  ].join('\n');
}

function cells(row: Row, own: number): string[] {
  return [
    row.proxy,
    row.cpu.toFixed(1),
    row.proxy === OWN ? '' : `${(own / row.cpu).toFixed(2)} ×`,
    row.requestsPerSecond.toFixed(0),
    row.p50.toFixed(2),
    row.p99.toFixed(2),
    row.p999.toFixed(2),
    (row.memory / 1e6).toFixed(0),
    String(row.errors),
  ];
}

function cpuOf(results: HttpResults, name: string, proxy: string): number {
  const found = results.cases.find((one) => one.name === name);
  return found?.rows.find((row) => row.proxy === proxy)?.cpu ?? Number.NaN;
}

/** All cases in one table: CPU per request, and behind it what Fairlead costs of it. */
export function overviewTable(results: HttpResults): string {
  const proxies = Object.keys(results.versions);
  const cell = (name: string, proxy: string) => {
    const cpu = cpuOf(results, name, proxy);
    if (Number.isNaN(cpu)) return '–';
    if (proxy === OWN) return `**${cpu.toFixed(1)}**`;
    return `${cpu.toFixed(1)} (${(cpuOf(results, name, OWN) / cpu).toFixed(2)} ×)`;
  };
  return [
    `| case | ${proxies.join(' | ')} |`,
    `|---|${proxies.map(() => '--:').join('|')}|`,
    ...results.cases.map(
      ({ name }) => `| ${name} | ${proxies.map((proxy) => cell(name, proxy)).join(' | ')} |`,
    ),
  ].join('\n');
}

/** The picture of the same. */
export function overviewChart(results: HttpResults): string {
  const groups = results.cases.map(({ name, rows }): BarGroup => {
    const unit = cpuOf(results, name, PEER);
    const bars = rows.map(({ proxy, cpu }) => ({
      label: proxy,
      value: cpu / unit,
      text: `${(cpu / unit).toFixed(2)} × · ${cpu.toFixed(1)} µs`,
      isOwn: proxy === OWN,
    }));
    return { title: name, bars };
  });
  return barChart(`CPU per request as a multiple of ${PEER}; shorter is better`, groups, 4, 1);
}

interface Goal {
  readonly text: string;
  readonly limit: number;
  value(results: HttpResults): number;
}

const to = (name: string, proxy: string) => (results: HttpResults) =>
  cpuOf(results, name, OWN) / cpuOf(results, name, proxy);
const logged = (name: string) => (results: HttpResults) =>
  cpuOf(results, `${name}, logged`, OWN) / cpuOf(results, name, OWN);

const GOALS: readonly Goal[] = [
  { text: 'small GET, of HAProxy', limit: 1, value: to('small GET', 'HAProxy') },
  { text: '16 KB GET, of HAProxy', limit: 1, value: to('16 KB GET', 'HAProxy') },
  { text: '16 KB POST, of HAProxy', limit: 1, value: to('16 KB POST', 'HAProxy') },
  { text: '1 MB GET, of HAProxy', limit: 0.5, value: to('1 MB GET', 'HAProxy') },
  { text: 'small GET, of http-proxy', limit: 0.25, value: to('small GET', 'http-proxy') },
  { text: '16 KB GET, of http-proxy', limit: 0.25, value: to('16 KB GET', 'http-proxy') },
  { text: 'small GET with an access log, of one without', limit: 1.1, value: logged('small GET') },
  { text: '16 KB GET with an access log, of one without', limit: 1.1, value: logged('16 KB GET') },
];

/** The goals in terms of CPU per request, and what became of them. */
export function goalTable(results: HttpResults): string {
  const rows = GOALS.map((goal) => {
    const value = goal.value(results);
    if (Number.isNaN(value)) return `| ${goal.text} | ${goal.limit.toFixed(2)} × | – | not measured |`;
    // In the precision that is shown, so that the verdict is seen to follow from the figure.
    const shown = value.toFixed(2);
    return `| ${goal.text} | ${goal.limit.toFixed(2)} × | ${shown} × | ${Number(shown) <= goal.limit ? 'met' : 'missed'} |`;
  });
  return ['| CPU of a request | goal | measured | |', '|---|--:|--:|---|', ...rows].join('\n');
}
