import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { commonLine, jsonLine } from '../../src/telemetry/access-log.ts';
import type { AccessEntry } from '../../src/telemetry/events.ts';
import { lineFormat, makeLog } from '../../src/telemetry/log.ts';

const PAGE = readFileSync(new URL('../../docs/logs.md', import.meta.url), 'utf8');
const [program = '', requests = ''] = PAGE.split('\n## ').slice(1);

/** The code blocks of a part of the page. */
function blocks(part: string): string[] {
  return [...part.matchAll(/```\w*\n([\s\S]*?)```/g)].map(([, text = '']) => text);
}

/** The fields that its table names. */
function fields(part: string): string[] {
  const rows = [...part.matchAll(/^\| (`.*?`) \|/gm)].map(([, names = '']) => names);
  return rows.flatMap((names) => [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
}

const ENTRY: AccessEntry = {
  time: Date.parse('2026-03-01T14:03:07.512Z'),
  client: '203.0.113.9',
  peer: '10.0.0.7',
  method: 'GET',
  scheme: 'http',
  host: 'shop.localhost',
  target: '/cart?id=7',
  minor: 1,
  status: 200,
  bytes: 1_234,
  durationMs: 12.345_9,
  service: 'shop',
  backend: 'web-1',
  attempts: 1,
  error: '',
  detail: '',
  isCut: false,
  requestId: '0c6bb1b2-6c0e-4b43-8a5b-4d2f4a0c6d8e',
  referer: 'https://shop.localhost/',
  userAgent: 'curl/8.5.0',
};

t.test('the lines of the access log on the page are what is written', async (t) => {
  const [json, common] = blocks(requests);
  t.equal(json, jsonLine(ENTRY));
  t.equal(common, commonLine(ENTRY));
});

t.test('the page explains every field of the access log, and no other', async (t) => {
  t.strictSame(fields(requests).toSorted(), Object.keys(JSON.parse(jsonLine(ENTRY))).toSorted());
});

t.test('the lines of the program log on the page are what is written', async (t) => {
  const [pretty = '', json = ''] = blocks(program);
  const lines: string[] = [];
  const log = makeLog('info', { write: (line) => lines.push(line) });
  log.warn({ service: 'shop', backend: 'web-1' }, 'web-1 of shop is failing its check (HTTP 500)');
  const [written = ''] = lines;
  // But for when it was.
  const at = (line: string, time: string) => line.replace(/"time":"[^"]*"/, `"time":"${time}"`);
  t.equal(at(written, '2026-03-01T14:03:07.512Z'), json);
  // In the zone of whoever reads.
  const anyTime = (line: string) => line.replace(/^\[[\d:.]+\]/, '[]');
  t.equal(anyTime(lineFormat({ logLevel: 'info', logFormat: 'pretty' }, false)(written)), anyTime(pretty));
  for (const key of Object.keys(JSON.parse(written))) t.ok(fields(program).includes(key), key);
});

t.test('the page explains every field that the program gives a line', async (t) => {
  // As they stand in the sources: log.info({ … }, 'text').
  const root = new URL('../../src/', import.meta.url);
  const names = new Set<string>();
  for (const file of globSync('**/*.ts', { cwd: fileURLToPath(root) })) {
    const text = readFileSync(new URL(file, root), 'utf8');
    for (const [, object = ''] of text.matchAll(
      /\blog\??(?:\.(?:info|warn|error|debug)|\[.*?\])\(\s*\{([^{}]*)\}/g,
    ))
      for (const [, name = ''] of object.matchAll(/(?:^|,)\s*(\w+)/g)) names.add(name);
  }
  t.ok(names.size > 5);
  const known = fields(program);
  for (const name of names) t.ok(known.includes(name), name);
});
