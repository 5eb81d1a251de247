import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Run } from './command.ts';
import { engineOf, findings, KINDS, type Kind, plan } from './init-files.ts';
import { lookAround } from './machine.ts';
import { EXIT_FAILURE, EXIT_USAGE, print, printError, write } from './terminal.ts';

/** Writes the files that run Fairlead on this machine, and says what it found and what to do next. It asks no questions. */
export const init: Run = async ({ operands: [given], flags, options: [wrong] }, { env }) => {
  const isKind = (text: string): text is Kind => KINDS.some((kind) => kind === text);
  if (wrong !== undefined || (given !== undefined && !isKind(given))) {
    const what = wrong ?? given;
    printError(`error: ${what} is neither an option nor one of ${KINDS.join(', ')}: fairlead init compose`);
    return EXIT_USAGE;
  }
  const machine = await lookAround(env);
  const kind = given ?? (engineOf(machine.engines) === undefined ? 'config' : 'compose');
  const image = flags['image'] ?? (env['FAIRLEAD_IMAGE'] || 'fairlead');
  const { files, next } = plan(kind, machine, image);
  const [first] = files;
  if (first === undefined) return EXIT_FAILURE;
  const output = flags['output'];
  // Findings go to standard error, since the file may go to a pipe.
  printError('Found', ...findings(machine).map((line) => `  ${line}`));
  if (output === '-') {
    await write(first.text);
    return 0;
  }
  const target = output ?? first.name;
  const paths = files.map((file, i) => (i === 0 ? target : join(dirname(target), file.name)));
  const there = flags['force'] === undefined ? paths.filter((path) => existsSync(path)) : [];
  if (there.length > 0) {
    printError(`error: ${there.join(' and ')} would be overwritten (--force does, --output names another)`);
    return EXIT_FAILURE;
  }
  try {
    for (const [i, file] of files.entries()) writeFileSync(paths[i] ?? file.name, file.text);
  } catch (error) {
    printError(`error: ${target} cannot be written: ${(error as Error).message} (--output - prints it)`);
    return EXIT_FAILURE;
  }
  print(`Written: ${paths.join(', ')}`, '', 'Next', ...next.map((line) => `  ${line}`));
  return 0;
};
