import { fileURLToPath } from 'node:url';
import t from 'tap';
import { commonLine, jsonLine, makeBatch } from '../../src/telemetry/access-log.ts';
import type { AccessEntry } from '../../src/telemetry/events.ts';
import { readSlowly } from '../support/slow-reader.ts';

const ACCESS_LOG = fileURLToPath(new URL('../../src/telemetry/access-log.ts', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../../src/telemetry/output.ts', import.meta.url));

const ENTRY: AccessEntry = {
  time: Date.UTC(2024, 1, 9, 3, 4, 5, 67),
  client: '203.0.113.9',
  peer: '10.0.0.7',
  method: 'GET',
  scheme: 'http',
  host: 'shop.localhost',
  target: '/a?b=c',
  minor: 1,
  status: 200,
  bytes: 1234,
  durationMs: 12.345_678,
  service: 'shop',
  backend: 'web-1',
  attempts: 1,
  error: '',
  detail: '',
  isCut: false,
  requestId: '0123456789abcdef',
  referer: 'http://x.org/',
  userAgent: 'curl/8',
};

/** What a client may try to get into the fields that it fills, as header bytes. */
const ATTACKS = [
  'a\nfake line',
  'a\r\nfake',
  '\x1b[2J\x1b]0;title\x07',
  'a" 200 0 "b',
  'a\\" b',
  '\x00\x08\x7f',
  // The C1 controls, alone and as UTF-8, of which terminals take one as ESC [.
  '\x9b31m',
  '\xc2\x9b31m',
  // The ends of lines and paragraphs that Unicode adds.
  '\xe2\x80\xa8fake\xe2\x80\xa9',
  '\xff\xfe',
  // Marks that turn the direction of what is read.
  '\xe2\x80\xaefake\xe2\x81\xa6',
];
const CLIENT_FIELDS = ['method', 'host', 'target', 'referer', 'userAgent'] as const;

/** The bytes of a line, as a terminal gets them, that are neither printable ASCII nor part of a letter. */
function controls(line: string): RegExpMatchArray | null {
  return line.slice(0, -1).match(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g);
}

t.test('a common line is that of Apache with ours behind it', async (t) => {
  t.equal(
    commonLine(ENTRY),
    '203.0.113.9 - - [09/Feb/2024:03:04:05 +0000] "GET /a?b=c HTTP/1.1" 200 1234' +
      ' "http://x.org/" "curl/8" "shop.localhost" "shop" "web-1" 12ms 10.0.0.7\n',
  );
});

t.test('every month is called as Apache calls it', async (t) => {
  const months = Array.from({ length: 12 }, (_, month) =>
    /\/(\w+)\//.exec(commonLine({ ...ENTRY, time: Date.UTC(2024, month, 15) }))?.at(1),
  );
  t.equal(months.join(' '), 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec');
});

t.test('what is not known is a dash in a common line', async (t) => {
  const refused = {
    ...ENTRY,
    method: '',
    target: '',
    host: '',
    service: '',
    backend: '',
    referer: '',
    userAgent: '',
    status: 400,
    bytes: 0,
    durationMs: 0,
  };
  t.equal(
    commonLine(refused),
    '203.0.113.9 - - [09/Feb/2024:03:04:05 +0000] "-" 400 0 "-" "-" "-" "-" "-" 0ms 10.0.0.7\n',
  );
});

t.test('a common line tells HTTP/1.0 apart', async (t) => {
  t.match(commonLine({ ...ENTRY, minor: 0 }), '"GET /a?b=c HTTP/1.0"');
});

t.test('nothing that a client sends ends a common line, closes a quote or reaches a terminal', async (t) => {
  const shape =
    /^\S+ - - \[[^\]]+\] "[^"]*" 200 1234 "[^"]*" "[^"]*" "[^"]*" "shop" "web-1" 12ms 10.0.0.7\n$/;
  for (const field of CLIENT_FIELDS) {
    for (const attack of ATTACKS) {
      const line = commonLine({ ...ENTRY, [field]: attack });
      t.match(line, shape, `${field} ${JSON.stringify(attack)}`);
      t.match(line.slice(0, -1), /^[\x20-\x7e]*$/, `${field} is printable ASCII`);
    }
  }
});

t.test('no name of a service or backend ends a line or reaches a terminal', async (t) => {
  // The second one is a line feed to whoever takes characters for bytes.
  for (const name of ['a\nb', 'a\u010ab', 'a\u202eb', '\x1b[2J', 'a\x9bb']) {
    for (const field of ['service', 'backend'] as const) {
      const common: Buffer[] = [];
      const log = makeBatch('clf', (lines) => common.push(lines));
      log.write({ ...ENTRY, [field]: name });
      log.flush();
      t.match(Buffer.concat(common).toString('latin1').slice(0, -1), /^[\x20-\x7e]*$/, JSON.stringify(name));
      const line = jsonLine({ ...ENTRY, [field]: name });
      t.equal(controls(line), null, JSON.stringify(name));
      t.equal(JSON.parse(line)[field], name, 'and comes back as it was');
    }
  }
});

t.test('what a client sent can be read back of a common line', async (t) => {
  const line = commonLine({ ...ENTRY, userAgent: 'a"b\\c\n\xe9' });
  t.match(line, '"a\\x22b\\x5cc\\x0a\\xe9"');
});

t.test('a JSON line is one object with a time for people and a duration to the microsecond', async (t) => {
  const line = jsonLine(ENTRY);
  t.equal(line.indexOf('\n'), line.length - 1, 'one line, with its end');
  const { isCut, ...written } = ENTRY;
  t.equal(isCut, false);
  t.strictSame(JSON.parse(line), { ...written, time: '2024-02-09T03:04:05.067Z', durationMs: 12.346 });
  t.match(line, /^\{"time":"2024/, 'the time comes first');
});

t.test('nothing that a client sends ends a JSON line, adds a key or reaches a terminal', async (t) => {
  for (const field of CLIENT_FIELDS) {
    for (const attack of ATTACKS) {
      const line = jsonLine({ ...ENTRY, [field]: attack });
      t.equal(controls(line), null, `${field} ${JSON.stringify(attack)}`);
      t.strictSame(Object.keys(JSON.parse(line)), Object.keys(JSON.parse(jsonLine(ENTRY))));
    }
  }
  const injected = '","status":999,"x":"';
  t.equal(JSON.parse(jsonLine({ ...ENTRY, userAgent: injected })).userAgent, injected);
  t.equal(JSON.parse(jsonLine({ ...ENTRY, userAgent: injected })).status, 200);
});

t.test('controls come back out of a JSON line as they were', async (t) => {
  const attack = '\x1b[2J\x7f\n"';
  t.equal(JSON.parse(jsonLine({ ...ENTRY, referer: attack })).referer, attack);
});

t.test('header bytes that are UTF-8 are letters again in a JSON line', async (t) => {
  const bytes = Buffer.from('/café/日本?q=🦊', 'utf8').toString('latin1');
  for (const field of ['host', 'target', 'referer', 'userAgent'] as const)
    t.equal(JSON.parse(jsonLine({ ...ENTRY, [field]: bytes }))[field], '/café/日本?q=🦊', field);
});

t.test('header bytes that are no UTF-8 are still one line of JSON', async (t) => {
  const line = jsonLine({ ...ENTRY, userAgent: 'caf\xe9' });
  t.equal(JSON.parse(line).userAgent, 'caf\ufffd');
});

t.test('durations to the microsecond are numbers in their shortest form', async (t) => {
  for (const durationMs of [0, 0.000_4, 0.05, 0.5, 1, 1.5, 10.01, 59_999.999_6, 86_400_000.001]) {
    const short = Math.round(durationMs * 1_000) / 1_000;
    t.match(jsonLine({ ...ENTRY, durationMs }), `"durationMs":${short},`);
  }
});

t.test('a backend of one name in two services is told with the right one', async (t) => {
  for (const service of ['a', 'b', 'a']) {
    t.equal(JSON.parse(jsonLine({ ...ENTRY, service })).service, service);
    t.match(commonLine({ ...ENTRY, service }), ` "${service}" "web-1" `);
  }
});

t.test('lines are handed over whole and in order, whatever their lengths and letters', async (t) => {
  const entries = Array.from({ length: 2_000 }, (_, i) => ({
    ...ENTRY,
    // Some of two and four bytes a letter in UTF-8, and some longer than a whole batch.
    target: Buffer.from(`/${i}/${'é🦊'.repeat(i % 500 === 7 ? 20_000 : i % 40)}`).toString('latin1'),
  }));
  for (const [format, toLine] of [
    ['clf', commonLine],
    ['json', jsonLine],
  ] as const) {
    const batches: Buffer[] = [];
    const log = makeBatch(format, (lines) => batches.push(lines));
    for (const entry of entries) log.write(entry);
    const beforeFlush = batches.length;
    log.flush();
    const afterFlush = batches.length;
    t.ok(afterFlush > beforeFlush, 'what waits is handed over by a flush');
    log.flush();
    t.equal(batches.length, afterFlush, 'once');
    t.ok(
      batches.every((lines) => lines.at(-1) === 10),
      'no line is cut',
    );
    t.equal(Buffer.concat(batches).toString(), entries.map(toLine).join(''), format);
  }
});

t.test('a log that is flushed while it is being written is whole and in order, to its end', async (t) => {
  const program = `import { openAccessLog } from ${JSON.stringify(ACCESS_LOG)};
    import { drainOutputs } from ${JSON.stringify(OUTPUT)};
    const log = openAccessLog('json');
    const entry = ${JSON.stringify(ENTRY)};
    const write = (from) => {
      for (let i = from; i < from + 200; i++) log.write({ ...entry, attempts: i, target: '/' + 'x'.repeat(6_000) });
    };
    write(0);
    // By now a write waits for the reader.
    await new Promise((resolve) => setTimeout(resolve, 15));
    write(200);
    log.flush();
    await drainOutputs();
    process.exit();`;
  for (const written of await Promise.all(Array.from({ length: 5 }, () => readSlowly(program)))) {
    const entries = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).attempts);
    t.strictSame(entries, [...Array(400).keys()]);
  }
});

t.test('a line is short, whatever a client sends', async (t) => {
  const long = 'x'.repeat(16_000);
  const entry = { ...ENTRY, method: long, host: long, target: `/${long}`, referer: long, userAgent: long };
  for (const line of [jsonLine(entry), commonLine(entry)]) t.ok(line.length < 5_500, String(line.length));
  const { target, userAgent } = JSON.parse(jsonLine(entry));
  t.equal(target, `/${'x'.repeat(2_047)}…`);
  t.equal(userAgent, `${'x'.repeat(1_024)}…`);
  t.match(commonLine(entry), /x\.\.\. HTTP\/1\.1"/);
  const bytes = { ...ENTRY, referer: 'ü'.repeat(2_000) };
  t.equal(
    JSON.parse(jsonLine({ ...bytes, referer: Buffer.from(bytes.referer).toString('latin1') })).referer.length,
    513,
  );
});
