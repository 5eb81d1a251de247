#!/usr/bin/env node
const NEEDED = 24;

// Checked before anything else is loaded, on which older versions fail in ways that explain nothing.
if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(
    `Fairlead needs Node.js ${NEEDED} or newer; this is ${process.version} (${process.execPath}).\n` +
      'In a clone, npm start and the other scripts run the version that comes with it.\n',
  );
  process.exit(1);
}

// Node.js would warn of deprecated code in bundled libraries, about which whoever runs Fairlead can do nothing.
process.noDeprecation = true;

// Tools send these signals to have logs reopened. By default Node.js opens its debugger at the first and ends at the second.
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
