import { closest } from 'fastest-levenshtein';
import { optionsHelp } from '../config/help.ts';
import { VERSION } from '../version.ts';
import { EXIT_USAGE, print, printError, type Terminal } from './terminal.ts';

interface Command {
  readonly usage: string;
  readonly doc: string;
  /** Loaded when it is asked for: `version` must not wait for a proxy. */
  readonly load: () => Promise<(args: readonly string[], terminal: Terminal) => Promise<number>>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    usage: 'serve [OPTIONS]',
    doc: 'Balance traffic to the containers of the local Docker Engine (default)',
    load: async () => (await import('./serve.ts')).serve,
  },
  demo: {
    usage: 'demo [OPTIONS]',
    doc: 'The same with three sample backends inside; needs no Docker',
    load: async () => (await import('./demo.ts')).demo,
  },
  check: {
    usage: 'check FILE…',
    doc: 'Validate configuration and compose files; exits with 2 when something is wrong',
    load: async () => (await import('./check.ts')).check,
  },
  explain: {
    usage: 'explain CONTAINER|URL [OPTIONS]',
    doc: 'Say why a container or URL is, or is not, routed',
    load: async () => (await import('./explain.ts')).explain,
  },
  status: {
    usage: 'status [OPTIONS]',
    doc: 'Print the live table of a running Fairlead; exits with 1 when there is none',
    load: async () => (await import('./status.ts')).status,
  },
  healthcheck: {
    usage: 'healthcheck [OPTIONS]',
    doc: 'Exit with 0 if a Fairlead answers, with 1 if not: for the HEALTHCHECK of its container',
    load: async () => (await import('./healthcheck.ts')).healthcheck,
  },
  drain: {
    usage: 'drain BACKEND [OPTIONS]',
    doc: 'Send a backend no new requests, and cut what it still has after its drain time',
    load: async () => (await import('./order.ts')).stateCommand('drain'),
  },
  maintenance: {
    usage: 'maintenance BACKEND [OPTIONS]',
    doc: 'Send a backend no new requests; what it has may finish, however long it takes',
    load: async () => (await import('./order.ts')).stateCommand('maintenance'),
  },
  ready: {
    usage: 'ready BACKEND [OPTIONS]',
    doc: 'End its drain or maintenance',
    load: async () => (await import('./order.ts')).stateCommand('ready'),
  },
  weight: {
    usage: 'weight BACKEND 0–256|default [OPTIONS]',
    doc: 'Give a backend another weight, until Fairlead restarts',
    load: async () => (await import('./order.ts')).weight,
  },
  version: {
    usage: 'version',
    doc: 'Print the version',
    load: async () => async () => {
      print(`fairlead ${VERSION} (Node.js ${process.version})`);
      return 0;
    },
  },
};

/** What Fairlead runs for itself; people need not know of it. */
const INTERNAL: Readonly<Record<string, Pick<Command, 'load'>>> = {
  worker: { load: async () => (await import('./worker.ts')).worker },
};

/** Runs the command that the arguments name, and answers the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first = ''] = args;
  if (args.includes('--help') || args.includes('-h') || first === 'help') {
    print(...help().split('\n'));
    return 0;
  }
  const name = first === '--version' || first === '-v' ? 'version' : first;
  const isCommand = name !== '' && !name.startsWith('-');
  const wanted = isCommand ? name : 'serve';
  const all: Readonly<Record<string, Pick<Command, 'load'>>> = { ...COMMANDS, ...INTERNAL };
  const command = Object.hasOwn(all, wanted) ? all[wanted] : undefined;
  if (command === undefined) {
    printError(
      `error: ${name} is not a command; did you mean ${closest(name, Object.keys(COMMANDS))}?`,
      'See fairlead --help.',
    );
    return EXIT_USAGE;
  }
  return (await command.load())(isCommand ? args.slice(1) : args, terminal);
}

function help(): string {
  const commands = Object.values(COMMANDS).map(({ usage, doc }) => `  ${usage.padEnd(36)} ${doc}`);
  return [
    'Fairlead: a load balancer and reverse proxy for containers.',
    '',
    'Usage: fairlead [COMMAND]',
    '',
    'Commands',
    ...commands,
    '',
    'Options, each also as variable (--access-log: FAIRLEAD_ACCESS_LOG) and in the file (access-log:)',
    optionsHelp(),
    '',
    'A container is routed by its labels:',
    '  docker run -d -l fairlead.host=shop.localhost my/shop',
  ].join('\n');
}
