import { dockerSources } from '../app.ts';
import type { Options } from '../config/options.ts';
import { readText } from '../config/text-file.ts';
import { ControlPlane } from '../control/control-plane.ts';
import { FileSource } from '../control/discovery/file/file-source.ts';
import { makeProbe } from '../control/health/probe.ts';
import { probeWithin, sourceWithin } from '../control/within-border.ts';
import { systemClock } from '../model/clock.ts';
import type { Explanation, Unexplained } from '../model/explanation.ts';
import { explainSubject } from '../subject.ts';
import { silentLog } from '../telemetry/log.ts';
import { borderOf } from '../worker-app.ts';
import { askAdmin, explainSilence } from './admin-client.ts';
import type { Given } from './command.ts';
import { readOptions } from './configuration.ts';
import { EXIT_FAILURE, EXIT_USAGE, print, printError, type Terminal } from './terminal.ts';

/** How long to look for containers without a running Fairlead, in milliseconds. */
const LOOK_MS = 3_000;

/** Explains why a container or a URL is, or is not, routed: asks the running Fairlead, or without one looks itself. */
export async function explain({ operands, options }: Given, terminal: Terminal): Promise<number> {
  const [subject] = operands;
  if (subject === undefined) {
    printError(
      'error: explain needs a container, a service or a URL: fairlead explain web-1, fairlead explain http://shop.localhost/',
    );
    return EXIT_USAGE;
  }
  const loaded = readOptions(options, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const answer = await askAdmin(loaded.options, `/api/explain?subject=${encodeURIComponent(subject)}`);
  if (answer !== undefined && answer.status !== 200 && answer.status !== 404) {
    printError(`error: ${explainSilence(loaded.options, answer)}`);
    return EXIT_FAILURE;
  }
  const found =
    answer === undefined ? await look(subject, loaded.options, loaded.file) : readAnswer(answer.body);
  if ('error' in found) {
    printError(`error: ${found.error}`);
    return EXIT_FAILURE;
  }
  print(...found.lines);
  return found.isRouted ? 0 : EXIT_FAILURE;
}

function readAnswer(body: string): Explanation | Unexplained {
  const answer: { lines: string[]; routed: boolean } | Unexplained = JSON.parse(body);
  return 'error' in answer ? answer : { lines: answer.lines, isRouted: answer.routed };
}

/** Finds what a Fairlead with these options would see, probes included. */
async function look(
  subject: string,
  options: Options,
  file: string | undefined,
): Promise<Explanation | Unexplained> {
  const dockers = dockerSources(options, systemClock, silentLog());
  const files =
    file === undefined
      ? []
      : [new FileSource({ path: file, clock: systemClock, log: silentLog(), readText })];
  const border = borderOf(options);
  const sources = [...dockers, ...files].map((source) => sourceWithin(border, source));
  const control = new ControlPlane(
    sources,
    systemClock,
    probeWithin(border, makeProbe(options.maxHeaderSize)),
  );
  control.start();
  // At least one turn, since what a source says at once is published after it.
  for (let waited = 0; waited < LOOK_MS; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (isSettled(control)) break;
  }
  control.stop();
  const { snapshot } = control;
  const heard = new Set(snapshot.sources.map(({ name }) => name));
  const unheard = sources.map(({ name }) => name).filter((name) => !heard.has(name));
  const found = explainSubject(subject, sources, snapshot, undefined, unheard);
  if ('error' in found) return found;
  return { ...found, lines: ['no Fairlead is running here: this is what one would do', ...found.lines] };
}

function isSettled(control: ControlPlane): boolean {
  const isPending = [...control.snapshot.health.values()].some((health) => health.flags.includes('Pending'));
  return control.readiness.isTold && !isPending;
}
