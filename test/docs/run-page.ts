import type { ChildProcess } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Test } from 'tap';
import { parse } from 'yaml';
import { collect, killGroup, type Machine, PROJECT, type Ran } from './machine.ts';
import { type Block, type ConsoleCommand, consoleCommands, LIVE_LANGUAGES, parsePage } from './page.ts';
import { machineWithImages } from './setup.ts';

/** How long a command may take until it prints what the page shows: `npm ci` may be before it. */
const PATIENCE_MS = 120_000;
/** How long all pages of a file may take, on a machine with much else to do; by themselves they take two minutes. */
const ALL_MS = 15 * 60_000;
/** What a page says of hosts leads here. */
const HOSTS = /\b(?:[\w-]+\.)*example\.(?:com|org|net)\b/g;

/** Runs the pages that a pattern names; of these only what PAGES has in it, where that is set. */
export async function runPages(t: Test, pattern: string | readonly string[]): Promise<void> {
  t.setTimeout(ALL_MS);
  const names = globSync(pattern, { cwd: PROJECT }).sort();
  const wanted = names.filter((name) => name.includes(process.env['PAGES'] ?? ''));
  const machine = wanted.length > 0 ? await machineWithImages(t) : undefined;
  if (machine === undefined) return;
  for (const name of wanted) t.test(`what ${name} says can be done`, (t) => runPage(t, machine, name));
}

/** Runs all that a page says, as a reader would: in one folder, from top to bottom, each block a claim of the test. */
async function runPage(t: Test, machine: Machine, name: string): Promise<void> {
  const markdown = await readFile(join(PROJECT, name), 'utf8');
  const page = parsePage(markdown);
  const run = new PageRun(machine, join(machine.folder, basename(name, '.md')));
  await run.prepare(page.checkout, new Set(markdown.match(HOSTS)));
  try {
    for (const block of page.blocks) {
      if (block.skip !== undefined || (block.file === undefined && !LIVE_LANGUAGES.has(block.language)))
        continue;
      const failure = await run.block(block).catch((error: Error) => error.message);
      // What comes after it would only fail for the same reason.
      if (failure !== undefined)
        return void t.fail(`${name}:${block.line}`, { failure: failure.split('\n') });
      t.pass(`${name}:${block.line}`);
    }
    for (const { line, failure } of run.stayed())
      if (failure) t.fail(`${name}:${line}`, { failure: failure.split('\n') });
  } finally {
    await run.end();
  }
}

class PageRun {
  readonly #machine: Machine;
  /** Holds the page's folder, and what one block leaves for the next. */
  readonly #place: string;
  readonly #background: { line: number; child: ChildProcess; output: () => string }[] = [];
  #folder: string;

  constructor(machine: Machine, place: string) {
    this.#machine = machine;
    this.#place = place;
    this.#folder = join(place, 'shop');
  }

  async prepare(checkout: boolean, hosts: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#place, { recursive: true });
    if (checkout) {
      this.#folder = join(this.#place, 'fairlead');
      // Links, of which a fresh `npm ci` makes files of its own.
      await this.#machine.succeed(
        `mkdir ${this.#folder} && cd ${PROJECT} && git ls-files -z | xargs -0 cp --parents -t ${this.#folder} && ` +
          `(cp -al node_modules ${this.#folder}/ 2>/dev/null || cp -a node_modules ${this.#folder}/)`,
      );
    } else await mkdir(this.#folder);
    await this.#machine.succeed(
      `printf '127.0.0.1 localhost ${[...hosts].join(' ')}\\n' >/etc/hosts; rm -f ${this.#place}/variables`,
    );
    await writeFile(join(this.#place, 'folder'), this.#folder);
  }

  /** Does what a block says; answers what is wrong with it. */
  async block(block: Block): Promise<string | undefined> {
    if (block.stop) this.#stop();
    if (block.file !== undefined) await this.#write(block.file, block.text);
    if (block.language === 'yaml') return this.#checkYaml(block);
    if (!LIVE_LANGUAGES.has(block.language)) return undefined;
    if (block.background) return this.#start(block);
    if (block.language === 'console') return this.#console(consoleCommands(block.text));
    const { expect } = block;
    const isGood = ({ output, status }: Ran) =>
      status === block.exit && (expect === undefined || output.includes(expect));
    const ran = await this.#until(block.text, isGood, expect !== undefined);
    if (isGood(ran)) return undefined;
    const asked = expect === undefined ? '' : `, and "${expect}" is not in it`;
    return `it ended with ${ran.status}${asked}:\n${ran.output}`;
  }

  /** What ended of that which was to stay until the end. */
  stayed(): { line: number; failure: string | undefined }[] {
    return this.#background.map(({ line, child, output }) => ({
      line,
      failure: child.exitCode === null ? undefined : `it ended with ${child.exitCode}:\n${output()}`,
    }));
  }

  async end(): Promise<void> {
    this.#stop();
    await this.#machine.clean();
  }

  #stop(): void {
    for (const { child } of this.#background.splice(0)) killGroup(child);
  }

  async #write(file: string, text: string): Promise<void> {
    if (file.startsWith('/')) {
      // Only the machine's own: no page writes into that of the tests.
      const child = `mkdir -p ${dirname(file)} && printf %s "$TEXT" >${file}`;
      await this.#machine.succeed(`TEXT=$(printf %s ${quoted(text)}; printf x); TEXT=\${TEXT%x}; ${child}`);
      return;
    }
    const path = join(this.#folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  /** A Compose file and a configuration of Fairlead are held to what reads them; of labels one is made. */
  async #checkYaml({ file, text }: Block): Promise<string | undefined> {
    const content: unknown = parse(text);
    const isLabels = isObject(content) && Object.keys(content).join() === 'labels';
    const whole = isLabels ? { services: { app: { image: 'nginx', ...content } } } : content;
    const path = file ?? '.checked.yaml';
    if (file === undefined) await this.#write(path, isLabels ? JSON.stringify(whole) : text);
    const checks = [`fairlead check ${path}`];
    if (isCompose(whole)) checks.unshift(`docker compose -f ${path} config -q`);
    for (const check of checks) {
      const { output, status } = await this.#machine.run(this.#script(check));
      if (status !== 0) return `${check} ended with ${status}:\n${output}`;
    }
    return undefined;
  }

  async #console(commands: readonly ConsoleCommand[]): Promise<string | undefined> {
    for (const { command, output, shown } of commands) {
      const isGood = (ran: Ran) => (output === undefined ? ran.status === 0 : output.test(ended(ran.output)));
      const ran = await this.#until(command, isGood, output !== undefined);
      if (!isGood(ran))
        return `${command}\nended with ${ran.status} and printed\n${ran.output}\nnot\n${shown}`;
    }
    return undefined;
  }

  /** Runs it once, or again and again until it is good. */
  async #until(script: string, isGood: (ran: Ran) => boolean, again: boolean): Promise<Ran> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const ran = await this.#machine.run(this.#script(script));
      if (!again || isGood(ran) || Date.now() > deadline) return ran;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  #start({ line, text }: Block): undefined {
    const child = this.#machine.spawn(this.#script(text));
    this.#background.push({ line, child, output: collect(child) });
  }

  /** A script that goes on where the one before it ended: its folder, its variables. */
  #script(text: string): string {
    const place = this.#place;
    return [
      `[ -f ${place}/variables ] && . ${place}/variables`,
      `cd "$(cat ${place}/folder)"`,
      `trap 'status=$?; export -p >${place}/variables; pwd >${place}/folder; exit $status' EXIT`,
      'set -aeuo pipefail',
      text,
    ].join('\n');
  }
}

/** With a line end, as a terminal would show what comes next. */
function ended(output: string): string {
  return output === '' || output.endsWith('\n') ? output : `${output}\n`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Services of Compose have an image or are built; those of Fairlead have backends. */
function isCompose(content: unknown): boolean {
  if (!isObject(content) || !isObject(content['services'])) return false;
  return Object.values(content['services']).some(
    (service) => isObject(service) && ('image' in service || 'build' in service),
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
