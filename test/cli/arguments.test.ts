import t from 'tap';
import { readArguments } from '../../src/cli/arguments.ts';
import type { Command } from '../../src/cli/command.ts';

const COMMAND: Command = {
  name: 'look',
  usage: '[SERVICE]',
  doc: 'Look',
  operands: [{ kind: 'service' }],
  flags: [
    { name: 'watch', value: 'INTERVAL', optional: /^\d+s$/, doc: 'again and again' },
    { name: 'json', doc: 'as JSON' },
    { name: 'output', value: 'FILE', doc: 'where to' },
  ],
  options: [],
  examples: [],
  exits: [],
  load: async () => async () => 0,
};

function read(line: string) {
  const { given, errors } = readArguments(COMMAND, line.split(' '));
  const { operands, flags, options } = given;
  return { operands, flags: { ...flags }, options, errors };
}

t.test('operands, flags of the command and options may stand in any order', async (t) => {
  const expected = {
    operands: ['shop'],
    flags: { json: '', output: 'x' },
    options: ['--admin', ':1', '--keep-underscores'],
    errors: [],
  };
  for (const line of [
    'shop --json --output x --admin :1 --keep-underscores',
    '--admin :1 --keep-underscores --output=x --json shop',
    '--output x --admin :1 shop --keep-underscores --json',
  ])
    t.strictSame(read(line), expected, line);
});

t.test('the value of a flag may be left out, and is none if it does not look like one', async (t) => {
  t.strictSame(read('--watch shop'), { operands: ['shop'], flags: { watch: '' }, options: [], errors: [] });
  t.strictSame(read('--watch 5s shop').flags, { watch: '5s' });
  t.strictSame(read('--watch 5s shop').operands, ['shop']);
  t.strictSame(read('--watch=5s').flags, { watch: '5s' });
  t.strictSame(read('--watch=soon').errors, ['--watch: wants INTERVAL, not "soon"']);
});

t.test('a flag without its value, or with one that it does not take, is a mistake', async (t) => {
  t.strictSame(read('--output').errors, ['--output: needs a value (FILE)']);
  t.strictSame(read('--output --json').errors, ['--output: needs a value (FILE)']);
  t.strictSame(read('--json=yes').errors, ['--json: takes no value']);
});

t.test('a slip in a flag of the command is told of with what was meant', async (t) => {
  for (const line of ['--jsno', '--jsno x', '--jsno=x'])
    t.strictSame(read(line), {
      operands: [],
      flags: {},
      options: [],
      errors: ['--jsno: is not an option; did you mean --json?'],
    });
});

t.test('what is unknown or too much is left among the options, which are told of', async (t) => {
  t.strictSame(read('shop more --xyz x'), {
    operands: ['shop'],
    flags: {},
    options: ['more', '--xyz', 'x'],
    errors: [],
  });
  t.strictSame(read('--xyz x').operands, [], 'the value of what is unknown is no operand');
  t.strictSame(read('-- --json').operands, ['--json'], 'after -- nothing is a flag');
});
