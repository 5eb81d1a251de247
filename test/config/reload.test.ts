import t from 'tap';
import type { LoadedOptions } from '../../src/config/load.ts';
import { PARTS } from '../../src/config/parts.ts';
import { Reload } from '../../src/config/reload.ts';
import { formatProblem } from '../../src/model/problem.ts';
import { load, type TestInput } from '../support/load-options.ts';

const TOKEN = 'a-token-of-16-or-more';

/** A Fairlead that was started with this file, and with other sources that may change as well. */
function start(text: string | undefined, others: TestInput = {}) {
  const files: Record<string, string> = { ...(others.files as Record<string, string>) };
  const loadWith = (now: string | undefined): LoadedOptions =>
    load({ ...others, files: now === undefined ? files : { ...files, 'fairlead.yaml': now } });
  const reload = new Reload(loadWith(text), loadWith);
  const read = (now: string | undefined) => {
    const { problems, ...rest } = reload.read(now);
    return { ...rest, problems: problems.map(formatProblem) };
  };
  return { read, files };
}

t.test('an option that may change does, and it is said from what to what and where', async (t) => {
  const { read } = start('grace: 1s\n');
  const { options, changed, lines, problems } = read('# new\ngrace: 2s\naccess-log: clf\n');
  t.equal(options.grace, 2_000);
  t.strictSame(changed.toSorted(), ['accessLog', 'grace']);
  t.strictSame(lines.toSorted(), [
    'access-log changed from off to clf (fairlead.yaml:3)',
    'grace changed from 1s to 2s (fairlead.yaml:2)',
  ]);
  t.strictSame(problems, []);
  const again = read('access-log: clf\n');
  t.strictSame(
    again.lines,
    ['grace changed from 2s to 10s (fairlead.yaml)'],
    'what is removed has its default',
  );
  t.strictSame(read('access-log: "clf"\n').lines, [], 'the same in other words is no change');
});

t.test('an option that cannot change is a problem with its line, for as long as it differs', async (t) => {
  const { read } = start('grace: 1s\n');
  const changed = read('grace: 1s\nworkers: 2\nhttp: :1\n');
  const expected = [
    'fairlead.yaml: line 3: http changed from :8080 to :1: takes effect at the next start',
    'fairlead.yaml: line 2: workers changed from 1 to 2: takes effect at the next start',
  ];
  t.strictSame(changed.problems, expected);
  t.strictSame([changed.options.workers, changed.options.http[0]?.port], [1, 8080]);
  t.strictSame(changed.changed, []);
  const broken = read('workers: [');
  t.strictSame(broken.problems.slice(-2), expected, 'also while a later edit is bad');
  t.strictSame(read('grace: 1s\n').problems, []);
});

t.test('a bad edit keeps every option as it was, and says why', async (t) => {
  const { read } = start('grace: 1s\n');
  for (const [text, problem] of [
    ['grace: 5\naccess-log: json\n', 'fairlead.yaml: line 1: grace wants a duration'],
    ['access-log: json\ngrce: 1s\n', 'fairlead.yaml: line 2: grce is not an option; did you mean grace?'],
    ['access-log: json\nadmin: [\n', 'fairlead.yaml: line 3: '],
    ['- a', 'fairlead.yaml: line 1: must be a map of options'],
  ] as const) {
    const { options, changed, problems } = read(text);
    t.strictSame([options.grace, options.accessLog, changed], [1_000, 'off', []], text);
    t.ok(problems[0]?.startsWith(problem), problem);
    t.match(problems[0], '(what was good before stays in effect)');
  }
  t.equal(read('grace: 3s\n').options.grace, 3_000, 'and it can be mended');
});

t.test(
  'what a flag or a variable says stays, and an edit that it wins over is said to have no effect',
  async (t) => {
    const { read } = start('grace: 1s\n', { args: '--grace 5s', env: { FAIRLEAD_LOG_LEVEL: 'warn' } });
    t.strictSame(read('grace: 1s\n# the same\n').lines, [], 'once for each edit');
    const { options, changed, lines } = read('grace: 2s\nlog-level: debug\n');
    t.strictSame([options.grace, options.logLevel, changed], [5_000, 'warn', []]);
    t.strictSame(lines, [
      'log-level in fairlead.yaml:2 has no effect: FAIRLEAD_LOG_LEVEL says otherwise',
      'grace in fairlead.yaml:1 has no effect: --grace says otherwise',
    ]);
  },
);

t.test('a token that changed is told without the token', async (t) => {
  const { read, files } = start('admin-token-file: token\n', { files: { token: TOKEN } });
  files['token'] = `other-${TOKEN}`;
  const { options, lines } = read('admin-token-file: token\n');
  t.equal(options.adminToken, `other-${TOKEN}`);
  t.strictSame(lines, ['admin-token changed (token)']);
  files['token'] = 'short';
  const bad = read('admin-token-file: token\n');
  t.equal(bad.options.adminToken, `other-${TOKEN}`);
  t.match(bad.problems, [/^options: token: admin-token wants at least 16 characters/]);
});

t.test('without a file the token is read again, too', async (t) => {
  const { read, files } = start(undefined, {
    args: '--admin-token-file token',
    files: { token: TOKEN },
  });
  files['token'] = `other-${TOKEN}`;
  t.equal(read(undefined).options.adminToken, `other-${TOKEN}`);
});

t.test('an admin address that others reach never loses its token', async (t) => {
  const { read } = start(`admin: :9900\nadmin-token: ${TOKEN}\n`);
  const { options, changed, problems } = read('admin: off\n');
  t.equal(options.adminToken, TOKEN, 'the address stays until the next start, and so does the token');
  t.strictSame(changed, []);
  t.strictSame(problems, [
    'fairlead.yaml: line 1: admin changed from :9900 to off: takes effect at the next start',
    'fairlead.yaml: admin-token changed: takes effect at the next start',
  ]);
  t.match(read('admin: :9900\n').problems, [/listens on more than loopback, which needs an admin-token/]);
});

t.test('every part that an option names is told of it', async (t) => {
  t.strictSame([...new Set(Object.values(PARTS).flat())].sort(), [
    'admin',
    'border',
    'docker',
    'log',
    'traffic',
  ]);
});
