import { App, type AppInput, type Running } from '../app.ts';
import type { LoadedOptions } from '../config/load.ts';
import { Reload } from '../config/reload.ts';
import { isInContainer, readText } from '../config/text-file.ts';
import { formatListeners } from '../model/listener.ts';
import { internalErrors, surviveExceptions } from '../telemetry/internal-errors.ts';
import { openLog } from '../telemetry/log.ts';
import { drainOutputs } from '../telemetry/output.ts';
import { VERSION } from '../version.ts';
import { loadFrom, readConfiguration } from './configuration.ts';
import { explainStart } from './explain-start.ts';
import { signalled } from './signals.ts';
import { EXIT_FAILURE, EXIT_USAGE, printError, type Terminal } from './terminal.ts';
import { whereDashboardIs } from './where-dashboard-is.ts';

/** Runs `fairlead serve`, the default command. */
export async function serve(args: readonly string[], terminal: Terminal): Promise<number> {
  const loaded = readConfiguration(args, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const { log, change } = openLog(loaded.options, terminal.isTerminal);
  return runApp({ ...configurationOf(loaded, args, terminal), log, changeLog: change }, terminal);
}

/** Makes the parts of an app's input that follow the configuration and its later changes. */
export function configurationOf(
  loaded: LoadedOptions,
  args: readonly string[],
  terminal: Terminal,
): Pick<AppInput, 'options' | 'file' | 'text' | 'reload'> {
  const { options, file, text } = loaded;
  const reload = new Reload(loaded, (now) =>
    loadFrom(args, terminal, { readFile: (path) => (path === file ? now : readText(path)) }),
  );
  return { options, file, text, reload };
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
    // Only now, since an exception during the start must end the process.
    surviveExceptions(log);
    const stopping = signalled(app, log, terminal);
    // A signal may come first, while the app waits for its sources.
    const running = await Promise.race([app.open(), stopping]);
    if (running !== undefined) {
      const { listeners, admin } = running;
      const dashboard = whereDashboardIs(admin, isInContainer());
      log.info(
        { docker: options.docker, file: input.file },
        `Fairlead ${VERSION} listens on ${formatListeners(listeners)}, dashboard ${dashboard}`,
      );
      onStarted(running);
      await stopping;
    }
  } catch (error) {
    printError(...explainStart(error));
    return EXIT_FAILURE;
  }
  await app.stop();
  log.info('stopped');
  await drainOutputs();
  return 0;
}
