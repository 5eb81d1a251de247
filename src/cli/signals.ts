import { isatty } from 'node:tty';
import type { App } from '../app.ts';
import type { Log } from '../telemetry/log.ts';
import { EXIT_FAILURE, type Terminal } from './terminal.ts';

/**
 * What comes so soon after a signal, in milliseconds, is the same word once more: at Ctrl-C the terminal tells all
 * programs of `npm start`, and npm passes on what it is told.
 */
const ECHO_MS = 500;

/**
 * Does what signals say until one says stop, which resolves: SIGTERM, SIGINT (Ctrl-C) and SIGQUIT, by which nginx' images
 * are stopped; a second one ends the process at once. SIGHUP reads the configuration again and replaces the workers.
 */
export function signalled(app: App, log: Log, terminal: Terminal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let stoppingSince: number | undefined;
  const onStop = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince < ECHO_MS) return;
      app.kill();
      terminal.exit(EXIT_FAILURE);
    }
    stoppingSince = performance.now();
    log.info(`${signal}: finishing what runs, for at most ${app.graceMs} ms; a second signal stops at once`);
    resolve();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, onStop);
  process.on('SIGHUP', () => {
    // A terminal says the same when it is closed; then nobody is there to read of it.
    if (terminal.isTerminal && !isatty(2)) resolve();
    else {
      log.info('SIGHUP: reading the configuration again');
      void app.reload();
    }
  });
  // Without a listener the one would open a debugger, and the other end the process.
  process.on('SIGUSR1', () =>
    log.info('SIGUSR1: nothing to reopen, logs go to standard output and error (see docs/logs.md)'),
  );
  process.on('SIGUSR2', () => log.info('SIGUSR2 means nothing to Fairlead'));
  return promise;
}
