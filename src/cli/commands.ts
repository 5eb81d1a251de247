import { describeVersion } from '../version.ts';
import { DRAIN, MAINTENANCE, READY, WEIGHT } from './backend-commands.ts';
import { CA, CERTIFICATES } from './certificate-commands.ts';
import { ASKS, type Command, MISTAKE, type Run } from './command.ts';
import { print, type Terminal } from './terminal.ts';

/** Makes the `load` of a command that takes its arguments as they are. */
function plain(load: () => Promise<(args: readonly string[], terminal: Terminal) => Promise<number>>) {
  return async (): Promise<Run> => {
    const run = await load();
    return ({ args }, terminal) => run(args, terminal);
  };
}

const SERVED = [
  [0, 'it was told to stop (SIGTERM, SIGINT), and has'],
  [1, 'it cannot start, say because another process has the port; or a second signal cut it short'],
  MISTAKE,
] as const;

const STATUS_DETAILS = [
  'The document of `--json`; keys are only ever added, and secrets are never in it:',
  '',
  '| key | |',
  '|---|---|',
  '| `fairlead`, `startedAt`, `now`, `version` | its version, ISO times, the version of the table |',
  '| `clientConnections` | connections of clients now |',
  '| `listeners[]` | where clients connect: `name`, `address`, `protocol`, `tls`, `connections` |',
  '| `sources[]` | `name`, `target`, `connected`, `staleSince` and `error` (or null) |',
  '| `workers[]` | `worker`, `pid`, `state`, `startedAt`, `connections`, `requests`, `restarts` |',
  '| `services[]` | `name`, `state` (`available`, `degraded`: some backends are out, `unavailable`: all are), `routes`, `requests`, `errors` (answered with 5xx), `waiting`, `removedAt` (or null), `backends[]` |',
  '| `services[].backends[]` | `name`, `address`, `origin` (container or file), `weight`, `backup`, `available`, `flags` (`Pending`, `FailedCheck`, `Draining`, `Maintenance`, `Ejected`), `reason`, `since`, `inFlight`, `requests` |',
  '| `certificates[]` | `names`, `source` (`file`, `internal`, or `none` for a host without one), `file`, `issuer`, `notBefore`, `notAfter`, `public` (browsers trust it), `renewalAt`, `why`, `error` (what is not there is null) |',
  '| `problems[]` | `severity` (`error`, `notice`), `source`, `subject`, `where`, `message`, sometimes `hint` |',
];

const SERVE: Command = {
  name: 'serve',
  usage: '[OPTIONS]',
  doc: 'Balance traffic to the containers of the local Docker Engine (default)',
  about: [
    'SIGTERM, SIGINT and SIGQUIT let running requests finish, for at most the time of --grace; a second one ends at once.',
    'SIGHUP reads the configuration again, as an edit of its file does, and replaces workers one by one.',
  ],
  options: 'all',
  examples: [
    ['serve', 'watch the local Docker Engine, listen on :8080'],
    [
      'serve --config fairlead.yaml --access-log json',
      'with the services of a file, and a line for each request',
    ],
  ],
  exits: SERVED,
  load: plain(async () => (await import('./serve.ts')).serve),
};

const DEMO: Command = {
  name: 'demo',
  usage: '[OPTIONS]',
  doc: 'The same with three sample backends inside; needs no Docker',
  options: 'all',
  examples: [
    ['demo', 'on :8080 and, by https, on :8443, with a dashboard on 127.0.0.1:9900'],
    ['demo --http :8081 --admin 127.0.0.1:9901', 'where these ports are taken'],
  ],
  exits: SERVED,
  load: plain(async () => (await import('./demo.ts')).demo),
};

const CHECK: Command = {
  name: 'check',
  usage: 'FILE…',
  doc: 'Validate configuration and compose files',
  about: ['Compose files are held to the allow rules of the configuration files that are checked with them.'],
  operands: [{ kind: 'file' }],
  isRepeated: true,
  options: [],
  examples: [['check fairlead.yaml compose.yaml', 'each mistake with its file and line: for CI']],
  exits: [
    [0, 'all files are good, be it with notices'],
    [2, 'something is wrong with one of them, or it cannot be read'],
  ],
  load: plain(async () => (await import('./check.ts')).check),
};

const EXPLAIN: Command = {
  name: 'explain',
  usage: 'CONTAINER|SERVICE|URL [OPTIONS]',
  doc: 'Say why a container, service or URL is, or is not, routed',
  about: [
    'It asks the running Fairlead; where none answers it looks by itself what one would do. Backends and the beginnings of container ids will do, too.',
  ],
  operands: [{ kind: 'subject' }],
  options: [...ASKS, 'docker'],
  examples: [
    ['explain web-1', 'its labels, address, health and share of traffic'],
    ['explain http://shop.localhost/cart', 'which route wins, and why'],
  ],
  exits: [[0, 'it is routed'], [1, 'it is not'], MISTAKE],
  load: async () => (await import('./explain-command.ts')).explain,
};

const STATUS: Command = {
  name: 'status',
  usage: '[SERVICE] [--watch [INTERVAL]] [--json] [OPTIONS]',
  doc: 'Print the table of a running Fairlead, once or again and again',
  about: [
    'What is ill comes first, what was removed last. SERVICE is the name of one, or a part of its name, a route or a backend.',
    'With --watch it goes on when Fairlead restarts, and Ctrl-C ends it with 0. Colours are for terminals alone, and off with NO_COLOR.',
  ],
  details: STATUS_DETAILS,
  operands: [{ kind: 'service' }],
  flags: [
    {
      name: 'watch',
      value: 'INTERVAL',
      optional: /^\d+(?:\.\d+)?(?:ms|s|m)?$/,
      doc: 'Again and again, each 2 seconds or as said (500ms, 5s): on a terminal in place, elsewhere one below the other',
    },
    { name: 'json', doc: 'For programs: one document; with --watch one a line' },
  ],
  options: ASKS,
  examples: [
    ['status', 'all there is, once'],
    ['status --watch', 'the same as it changes'],
    ['status shop --watch 1s', 'what concerns shop, each second'],
    ['status --json', 'for programs such as jq'],
  ],
  exits: [
    [0, 'it was printed; or Ctrl-C ended --watch'],
    [1, 'no Fairlead answers, it refuses, or it has no such service'],
    MISTAKE,
  ],
  load: async () => (await import('./status.ts')).status,
};

const HEALTHCHECK: Command = {
  name: 'healthcheck',
  usage: '[OPTIONS]',
  doc: 'Whether a Fairlead answers: for the HEALTHCHECK of its container',
  about: ['Without options it takes those of process 1, if that is a Fairlead.'],
  options: [...ASKS, 'http'],
  examples: [['healthcheck', 'says nothing where all is well']],
  exits: [[0, 'it answers'], [1, 'it does not'], MISTAKE],
  load: plain(async () => (await import('./healthcheck.ts')).healthcheck),
};

const INIT: Command = {
  name: 'init',
  usage: '[compose|systemd|config] [--output FILE] [--force] [--image NAME]',
  doc: 'Write a compose file, a unit or a configuration for this machine',
  about: [
    'It says what it found: Engines and Podman with the group of their socket, who has the ports, other proxies, networks with containers. Without a word about which it writes a compose file where an Engine answers, else a configuration. It asks nothing, and overwrites nothing without --force.',
  ],
  operands: [{ kind: 'choice', choices: ['compose', 'systemd', 'config'] }],
  flags: [
    {
      name: 'output',
      value: 'FILE',
      doc: 'Where to; - is standard output (compose.yaml, fairlead.service, fairlead.yaml)',
    },
    { name: 'force', doc: 'Overwrite what is there' },
    { name: 'image', value: 'NAME', doc: 'The image of the compose file ($FAIRLEAD_IMAGE, else fairlead)' },
  ],
  options: [],
  examples: [
    ['init', 'what fits this machine'],
    ['init systemd --output -', 'a unit, to look at'],
  ],
  exits: [
    [0, 'it is written'],
    [1, 'something is there already, or cannot be written'],
    [2, 'a mistake in the arguments'],
  ],
  load: async () => (await import('./init.ts')).init,
};

const COMPLETION: Command = {
  name: 'completion',
  usage: 'bash|zsh|fish',
  doc: 'Print what teaches a shell to complete commands, options and names',
  about: [
    'Names of containers, services and hosts are those that the running Fairlead knows; where none answers within a second there are none.',
  ],
  operands: [{ kind: 'choice', choices: ['bash', 'zsh', 'fish'] }],
  options: [],
  examples: [
    [
      'completion bash > ~/.local/share/bash-completion/completions/fairlead',
      'with the package bash-completion',
    ],
    ['completion bash >> ~/.bashrc', 'without it'],
    ['completion zsh > /usr/local/share/zsh/site-functions/_fairlead', 'or another folder of $fpath'],
    ['completion fish > ~/.config/fish/completions/fairlead.fish', 'for every new fish'],
  ],
  exits: [
    [0, 'it is printed'],
    [2, 'there is no completion for that shell'],
  ],
  load: async () => (await import('./completion-command.ts')).completion,
};

const HELP: Command = {
  name: 'help',
  usage: '[COMMAND|options]',
  doc: 'What there is, one command, or all options with their meaning',
  operands: [{ kind: 'command' }],
  options: [],
  examples: [
    ['help explain', 'the same as fairlead explain --help'],
    ['help options', 'every option, with its default'],
  ],
  exits: [
    [0, 'it is printed'],
    [2, 'there is no such command'],
  ],
  load: async () => async () => 0,
};

const VERSION_COMMAND: Command = {
  name: 'version',
  usage: '',
  doc: 'Print the version',
  options: [],
  examples: [['version', 'Fairlead’s, and that of the Node.js that runs it']],
  exits: [[0, 'it is printed']],
  load: async () => async () => {
    print(describeVersion());
    return 0;
  },
};

/** All commands, in the order of the overview. */
export const COMMANDS: readonly Command[] = [
  SERVE,
  DEMO,
  CHECK,
  EXPLAIN,
  STATUS,
  DRAIN,
  MAINTENANCE,
  READY,
  WEIGHT,
  CERTIFICATES,
  CA,
  HEALTHCHECK,
  INIT,
  COMPLETION,
  HELP,
  VERSION_COMMAND,
];

/** The commands that Fairlead runs for itself; no help mentions them. */
export const INTERNAL: readonly Command[] = [
  {
    name: 'names',
    usage: 'backend|service|subject [OPTIONS]',
    doc: 'What a shell may complete',
    operands: [{ kind: 'word' }],
    options: ASKS,
    examples: [],
    exits: [],
    load: async () => (await import('./names.ts')).namesCommand,
  },
  {
    name: 'worker',
    usage: '',
    doc: 'Carry traffic for the Fairlead that started it',
    options: [],
    examples: [],
    exits: [],
    load: plain(async () => (await import('./worker-command.ts')).worker),
  },
];
