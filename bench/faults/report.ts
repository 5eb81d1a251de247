import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { docker } from '../../test/support/docker.ts';
import { CONTENDERS } from './contenders/all.ts';
import type { Experiment, Method } from './experiment.ts';
import { EXPERIMENTS } from './experiments/all.ts';
import { REMARKS } from './remarks.ts';
import type { Cell } from './results.ts';
import { winners } from './winner.ts';

interface Row {
  readonly experiment: Experiment;
  readonly method: Method;
  /** In the order of the contenders; those that were measured. */
  readonly cells: readonly Cell[];
}

/** The page of all results. */
export async function report(cells: readonly Cell[]): Promise<string> {
  const rows = rowsOf(cells);
  const parts = [
    await introduction(cells),
    overview(rows),
    goals(rows),
    ...EXPERIMENTS.map((experiment) => details(experiment, rows)),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function rowsOf(cells: readonly Cell[]): Row[] {
  return EXPERIMENTS.flatMap((experiment) =>
    experiment.methods.map((method) => {
      const own = cells.filter((cell) => cell.experiment === experiment.id && cell.method === method);
      const order = ({ contender }: Cell) => CONTENDERS.findIndex(({ name }) => name === contender);
      return { experiment, method, cells: own.sort((a, b) => order(a) - order(b)) };
    }),
  ).filter((row) => row.cells.length > 0);
}

async function introduction(cells: readonly Cell[]): Promise<string> {
  const versions = CONTENDERS.filter(({ name }) => cells.some(({ contender }) => contender === name))
    .filter(({ name }) => !name.includes('('))
    .map((contender) => `${contender.name} ${contender.version() ?? '?'}`);
  const times = cells.map(({ at }) => at).sort();
  const own = cells.filter(({ contender }) => contender === 'Fairlead');
  const commits = [...new Set(own.map(({ commit }) => commit))].join(', ');
  const busiest = Math.max(...cells.map(({ measured }) => measured.busy));
  const minute = (at = '') => at.slice(0, 16).replace('T', ' ');
  const engine = await docker('version', '--format', '{{.Server.Version}}');
  return `# Faults

This page is made by \`npm run faults\`. Three containers of a real Docker Engine, each taking 5 ms for a request, stand
behind a proxy. Load comes in an open loop from a process of its own: it sends at its rate whether or not answers come,
and latency counts from when a request was due. After a moment something goes wrong, for a few seconds; latencies are those
of the requests from then on, since those before warm everything up. **Every request that is not a whole 200 of a backend
counts as failed**, at any time. Each request carries an id, which the backends write down as they
receive it: a POST that was received twice was executed twice.

- Machine: ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores for load, proxy, containers and Engine together, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}.
- ${versions.join(', ')}; Node.js ${process.version.slice(1)}, Docker Engine ${engine}.
- Measured from ${minute(times[0])} to ${minute(times.at(-1))} UTC, Fairlead at ${commits}.
- Fairlead finds the containers by \`fairlead.host\`; its checks, retries and ejection are its defaults but for what an experiment names.
  The others get the same addresses in their configuration, and what their documentation recommends: HAProxy \`retries 3\`,
  \`redispatch 1\`, \`retry-on conn-failure empty-response response-timeout\`, HTTP checks each second, 2 to fall and 2 to rise
  (in its second row with \`disable-l7-retry if METH_POST\`); nginx \`proxy_next_upstream error timeout\` and its usual
  \`max_fails\`, since its free edition has no active checks; Caddy \`lb_try_duration 2s\`, \`fail_duration 5s\`, HTTP checks
  each second. Connecting may take 2 s, a response 60 s. The texts are in \`bench/faults/contenders/\`.
- *busy* is the load average of the machine for each core in the minute before a run, up to ${busiest.toFixed(1)} here; nothing else
  ran at the same time. – was not measured.
- One run of each: a difference of a few requests or milliseconds means nothing.`;
}

function overview(rows: readonly Row[]): string {
  const names = CONTENDERS.map(({ name }) => name);
  const lines = rows.map(({ experiment, method, cells }) => {
    const failed = names.map((name) => {
      const measured = cells.find(({ contender }) => contender === name)?.measured;
      if (measured === undefined) return '–';
      const twice = measured.twice > 0 ? `, ${measured.twice} twice` : '';
      return `${measured.failed}${twice}; ${number(measured.p99)} ms`;
    });
    return `| ${experiment.id} | ${experiment.name} | ${method} | ${failed.join(' | ')} | ${winners(cells).join(', ')} |`;
  });
  return `## All at a glance

Failed requests, POSTs that were executed twice, and the 99th percentile of latency. Fewest failed wins, then fewest executed
twice, then the lowest p99; a p99 within 20 ms and a quarter of the best is as good.

| | fault | method | ${names.join(' | ')} | best |
|---|---|---|${names.map(() => '---|').join('')}---|
${lines.join('\n')}`;
}

function goals(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const { experiment, method, cells } of rows) {
    const own = cells.find(({ contender }) => contender === 'Fairlead');
    if (own === undefined) continue;
    for (const goal of experiment.goals ?? []) {
      if (goal.method !== undefined && goal.method !== method) continue;
      const met = goal.isMet(own.measured) ? 'yes' : '**no**';
      lines.push(`| ${experiment.id} ${experiment.name} | ${method} | ${goal.text} | ${met} |`);
    }
  }
  const remarks = Object.entries(REMARKS).map(([id, text]) => `- **${id}**: ${text}`);
  return `## What Fairlead should hold

| fault | method | goal | met |
|---|---|---|---|
${lines.join('\n')}

${remarks.join('\n')}`;
}

function details(experiment: Experiment, rows: readonly Row[]): string {
  const own = rows.filter((row) => row.experiment === experiment);
  if (own.length === 0) return '';
  const lines = own.flatMap(({ method, cells }) => cells.map((cell) => detail(method, cell)));
  const notes = own.flatMap(({ method, cells }) =>
    cells
      .filter(({ measured }) => measured.notes.length > 0)
      .map(({ contender, measured }) => `- ${contender}, ${method}: ${measured.notes.join('; ')}.`),
  );
  return `## ${experiment.id}: ${experiment.name}

${experiment.what[0]?.toUpperCase()}${experiment.what.slice(1)}.

| method | proxy | rate | busy | failed | why | of these late | POST twice | p50 ms | p99 ms | slowest ms | out after ms | back after ms |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}${notes.length > 0 ? `\n\n${notes.join('\n')}` : ''}`;
}

function detail(method: Method, { contender, measured }: Cell): string {
  const { rate, busy, failed, sent, kinds, late, twice, p50, p99, slowest, ejectMs, recoverMs } = measured;
  const why = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  const cells = [
    method,
    contender,
    `${rate}/s`,
    busy.toFixed(1),
    `${failed} of ${sent}`,
    why.join(', ') || '–',
    String(late),
  ];
  cells.push(method === 'POST' ? String(twice) : '–', ...[p50, p99, slowest, ejectMs, recoverMs].map(number));
  return `| ${cells.join(' | ')} |`;
}

function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en') : 'not in time';
}
