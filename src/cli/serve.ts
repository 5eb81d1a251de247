import { isatty } from 'node:tty';
import { App, type AppInput, type Running } from '../app.ts';
import type { Options } from '../config/options.ts';
import { isInContainer } from '../config/text-file.ts';
import { formatAddress } from '../model/address.ts';
import { internalErrors, surviveExceptions } from '../telemetry/internal-errors.ts';
import { type Log, makeLog } from '../telemetry/log.ts';
import { drainOutputs } from '../telemetry/output.ts';
import { VERSION } from '../version.ts';
import { readConfiguration } from './configuration.ts';
import { EXIT_FAILURE, EXIT_USAGE, printError, type Terminal } from './terminal.ts';
import { whereDashboardIs } from './where-dashboard-is.ts';

/** The main job. */
export async function serve(args: readonly string[], terminal: Terminal): Promise<number> {
  const loaded = readConfiguration(args, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const { options, file } = loaded;
  const log = makeLog({ level: options.logLevel, format: options.logFormat }, terminal.isTerminal);
  return runApp({ options, file, log }, terminal);
}

/** Runs an app until a signal ends it. */
export async function runApp(
  input: AppInput,
  terminal: Terminal,
  onStarted: (running: Running) => void = () => {},
): Promise<number> {
  const { log, options } = input;
  internalErrors.logTo(log);
  let app: App;
  try {
    app = new App({ ...input, program: terminal.program, isTerminal: terminal.isTerminal });
    await app.start();
    // Not before: what cannot start must end.
    surviveExceptions(log);
    const stopping = signalled(app, log, options, terminal);
    // Whichever comes first: it may wait for what there is to be known.
    const running = await Promise.race([app.open(), stopping]);
    if (running !== undefined) {
      const { http, admin } = running;
      const dashboard = whereDashboardIs(admin, isInContainer());
      log.info(
        { docker: options.docker, file: input.file },
        `Fairlead ${VERSION} listens on ${formatAddress(http)}, dashboard ${dashboard}`,
      );
      onStarted(running);
      await stopping;
    }
  } catch (error) {
    printError(`error: ${(error as Error).message}${otherAddress((error as Error).message)}`);
    return EXIT_FAILURE;
  }
  await app.stop();
  log.info('stopped');
  await drainOutputs();
  return 0;
}

/** Which flag takes another address, where that is what is wrong. */
function otherAddress(message: string): string {
  if (!/^cannot listen on .*: another process listens there$/.test(message)) return '';
  return ` (--${message.includes(' (admin): ') ? 'admin' : 'http'} ADDRESS takes another)`;
}

/**
 * What comes so soon after a signal, in milliseconds, is the same word once more: at Ctrl-C the terminal tells all
 * programs of `npm start`, and npm passes on what it is told.
 */
const ECHO_MS = 500;

/** Resolves at the first signal to stop; a second one ends the process at once. SIGHUP replaces the workers. */
function signalled(app: App, log: Log, options: Options, terminal: Terminal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince < ECHO_MS) return;
      app.kill();
      terminal.exit(EXIT_FAILURE);
    }
    stoppingSince = performance.now();
    log.info(
      `${signal}: finishing what runs, for at most ${options.grace} ms; a second signal stops at once`,
    );
    resolve();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', () => {
    // A terminal says the same when it is closed; then nobody is there to read of it.
    if (terminal.isTerminal && !isatty(2)) resolve();
    else if (options.workers === 1) log.info('SIGHUP: one worker alone is not replaced');
    else void app.reload();
  });
  return promise;
}
