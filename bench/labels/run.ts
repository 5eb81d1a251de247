// How long hostile labels hold the thread that carries traffic: npm run bench:labels [-- --before DIR]
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SHAPES } from './shapes.ts';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
  },
});
const HOLD = new URL('hold.ts', import.meta.url).pathname;
const LONGEST_MS = 60_000;

interface Measured {
  readonly held: number;
  readonly match: number;
}

/** The best of some rounds: what others do on this machine makes none of them faster. */
function measure(tree: string, shape: string): Measured | undefined {
  let best: Measured | undefined;
  for (let round = 0; round < Number(values.rounds); round++) {
    const child = spawnSync(process.execPath, [HOLD, tree, shape], {
      encoding: 'utf8',
      timeout: LONGEST_MS,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.status !== 0) return best;
    const { held, match } = JSON.parse(child.stdout);
    best = { held: Math.min(held, best?.held ?? held), match: Math.min(match, best?.match ?? match) };
  }
  return best;
}

function cells(measured: Measured | undefined): string {
  if (measured === undefined) return 'none, or over a minute | |';
  return `${measured.held.toFixed(1)} ms | ${measured.match.toFixed(0)} ns |`;
}

const trees = [...(values.before === undefined ? [] : [resolve(values.before)]), resolve('.')];
console.log(`| labels |${trees.map(() => ' longest hold | route of another host |').join('')}`);
console.log(`|---|${trees.map(() => '---|---|').join('')}`);
for (const { name } of SHAPES.filter((shape) => shape.name.includes(values.only)))
  console.log(`| ${name} | ${trees.map((tree) => cells(measure(tree, name))).join(' ')}`);
