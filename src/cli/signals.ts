import { isatty } from 'node:tty';
import type { App } from '../app.ts';
import type { Log } from '../telemetry/log.ts';
import { EXIT_FAILURE, type Terminal } from './terminal.ts';

/**
 * A signal that follows another within so many milliseconds counts as the same one: at Ctrl-C the terminal signals all
 * programs of `npm start`, and npm passes the signal on as well.
 */
const ECHO_MS = 500;

/**
 * Handles signals; resolves at one that asks to stop: SIGTERM, SIGINT (Ctrl-C) or SIGQUIT, by which images of nginx are
 * stopped. A second one ends the process at once. SIGHUP reads the configuration again and replaces the workers.
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
    // SIGHUP also comes when the terminal was closed, and then it asks to stop.
    if (terminal.isTerminal && !isatty(2)) resolve();
    else {
      log.info('SIGHUP: reading the configuration again');
      void app.reload();
    }
  });
  // Without a listener SIGUSR1 would open a debugger, and SIGUSR2 end the process.
  process.on('SIGUSR1', () =>
    log.info('SIGUSR1: nothing to reopen, logs go to standard output and error (see docs/logs.md)'),
  );
  process.on('SIGUSR2', () => log.info('SIGUSR2 means nothing to Fairlead'));
  return promise;
}
