#!/usr/bin/env node
const NEEDED = 24;

// Before anything else is loaded: older runtimes fail on it in ways that explain nothing.
if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    `Fairlead needs Node.js ${NEEDED} or newer; this is ${process.version} (${process.execPath}).\n` +
      'In a clone, npm start and the other scripts run the version that comes with it.\n',
  );
  process.exit(1);
}

// Of libraries that are bundled Node.js tells whoever runs Fairlead, who can do nothing about them.
process.noDeprecation = true;

// Others send these to have logs reopened; of the first Node.js would open its debugger, of the second the process end.
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});

const { isatty } = await import('node:tty');
const { run } = await import('./cli/run.ts');
const { printed } = await import('./cli/terminal.ts');
const code = await run(process.argv.slice(2), {
  env: process.env,
  isTerminal: isatty(2),
  exit: (exitCode) => process.exit(exitCode),
  program: import.meta.filename,
});
await printed();
process.exit(code);
