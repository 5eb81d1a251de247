import { type BodySink, ChunkedDecoder, chunkLine, lastChunk } from '../../src/data/http1/chunked.ts';
import { requestText } from '../../src/data/http1/request-writer.ts';
import { responseText } from '../../src/data/http1/response-writer.ts';
import type { HeadRules } from '../../src/data/message/head.ts';
import { parseRequestHead, RequestHead } from '../../src/data/message/request-head.ts';
import { parseResponseHead, ResponseHead } from '../../src/data/message/response-head.ts';
import { HeaderEdits } from '../../src/data/proxy/filters/header-edits.ts';
import { ForwardedFields } from '../../src/data/proxy/forwarded.ts';
import { normalizePath } from '../../src/data/routing/path.ts';
import { RouteTable } from '../../src/data/routing/table.ts';
import type { Group } from './bench.ts';
import { BROWSER_REQUEST, PAGE_RESPONSE, SMALL_REQUEST, SMALL_RESPONSE } from './heads.ts';
import { decodeLax, parseLax } from './lax.ts';
import { pickGroup } from './picks.ts';
import { lineGroup, readGroup, trayGroup } from './tricks.ts';

const RULES: HeadRules = { maxHeaders: 100, keepUnderscores: false };

/**
 * The same head, each time as a string that was never looked at: its bytes may be cached by nobody. A read of a
 * socket makes one too, so that all ways pay for it alike.
 */
function fresh(text: string): () => string {
  const bytes = Buffer.from(text, 'latin1');
  return () => bytes.toString('latin1', 0, bytes.length);
}

function requestGroup(name: string, text: string): Group {
  const next = fresh(text);
  const blank = text.length - 4;
  return {
    name,
    ways: {
      strict: () => parseRequestHead(next(), blank, RULES, false),
      lax: () => parseLax(next(), blank),
      'no parser': next,
    },
  };
}

function responseGroup(name: string, text: string): Group {
  const next = fresh(text);
  const blank = text.length - 4;
  return {
    name,
    ways: {
      strict: () => parseResponseHead(next(), blank, 'GET', RULES),
      lax: () => parseLax(next(), blank),
      'no parser': next,
    },
  };
}

function chunkedGroup(name: string, chunk: number, chunks: number): Group {
  const body = Buffer.from(
    `${chunkLine(chunk)}${'x'.repeat(chunk)}\r\n`.repeat(chunks) + lastChunk(''),
    'latin1',
  );
  let taken = 0;
  const sink: BodySink = {
    body: (_buffer, from, to) => {
      taken += to - from;
    },
  };
  return {
    name,
    ways: {
      strict: () => new ChunkedDecoder().read(body, 0, body.length, sink) + taken,
      lax: () => decodeLax(body, sink) + taken,
    },
  };
}

function parsed<H>(head: unknown, type: new () => H): H {
  if (!(head instanceof type)) throw new Error(`no head: ${JSON.stringify(head)}`);
  return head;
}

/** As a socket does it: text that is made of slices is only put together when it is written. */
const scratch = Buffer.alloc(16_384);
const written = (text: string) => scratch.write(text, 'latin1');

function rewriteGroup(): Group {
  const forwarded = new ForwardedFields('192.0.2.1', 'http', () => false, 'fairlead-0123abcd');
  const request = (text: string) => ({
    head: parsed(parseRequestHead(text, text.length - 4, RULES, false), RequestHead),
    client: '192.0.2.1',
  });
  const response = (text: string) =>
    parsed(parseResponseHead(text, text.length - 4, 'GET', RULES), ResponseHead);
  const [small, browser] = [request(SMALL_REQUEST), request(BROWSER_REQUEST)];
  const [ok, page] = [response(SMALL_RESPONSE), response(PAGE_RESPONSE)];
  return {
    name: 'rewritten head',
    ways: {
      'small request': () => written(requestText(small.head, small.head.target, forwarded.of(small))),
      'browser request': () => written(requestText(browser.head, browser.head.target, forwarded.of(browser))),
      'small response': () => written(responseText(ok, 'length', '')),
      'page response': () => written(responseText(page, 'chunked', '')),
    },
  };
}

/** What fixed headers on a route cost: a head is read and written with none, with two that are new, and with one in place of another. */
function filterGroup(name: string, text: string, replaced: string): Group {
  const next = fresh(text);
  const nobody = undefined as never;
  const read = () => parsed(parseResponseHead(next(), text.length - 4, 'GET', RULES), ResponseHead);
  const filtered = (edits: HeaderEdits) => () => {
    const head = read();
    edits.drop(head);
    return written(responseText(head, 'length', edits.over('', nobody)));
  };
  const set = (...names: string[]) =>
    new HeaderEdits(names.map((header) => ({ how: 'set', name: header, value: 'a value' })));
  return {
    name: `filtered response, ${name}`,
    ways: {
      'no filters': () => written(responseText(read(), 'length', '')),
      'two headers': filtered(set('X-Frame-Options', 'Referrer-Policy')),
      'one replaced': filtered(set(replaced)),
    },
  };
}

function routeGroup(): Group {
  const table = (hosts: number, paths: number) =>
    new RouteTable(
      Array.from({ length: hosts * paths }, (_, i) => ({
        host: `h${Math.floor(i / paths)}.example.org`,
        path: i % paths === 0 ? '/' : `/part-${i % paths}`,
        priority: 0,
        stripPrefix: false,
        service: 's',
      })),
      () => 's',
    );
  const [one, hosts, paths] = [table(1, 1), table(1_000, 1), table(100, 100)];
  return {
    name: 'matched route',
    ways: {
      'of 1': () => one.match('h0.example.org', '/products/chairs'),
      'of 1,000 hosts': () => hosts.match('h700.example.org', '/products/chairs'),
      'of 10,000 paths': () => paths.match('h70.example.org:8080', '/part-70/x/y'),
    },
  };
}

function pathGroup(): Group {
  return {
    name: 'normalised path',
    ways: {
      plain: () => normalizePath('/products/chairs?page=2&sort=price'),
      'with escapes': () => normalizePath('/caf%c3%a9/%7euser//x?page=2'),
      'with dots': () => normalizePath('/a/./b/../c?page=2'),
    },
  };
}

/** What is done for each request, step by step. */
export const GROUPS: readonly Group[] = [
  requestGroup('request head, small', SMALL_REQUEST),
  requestGroup('request head, browser', BROWSER_REQUEST),
  responseGroup('response head, small', SMALL_RESPONSE),
  responseGroup('response head, page', PAGE_RESPONSE),
  chunkedGroup('64 KB in one chunk', 65_536, 1),
  chunkedGroup('64 KB in chunks of 1 KB', 1_024, 64),
  chunkedGroup('1 KB in chunks of 16 bytes', 16, 64),
  rewriteGroup(),
  filterGroup('small', SMALL_RESPONSE, 'Content-Type'),
  filterGroup('page', PAGE_RESPONSE, 'Cache-Control'),
  routeGroup(),
  pathGroup(),
  pickGroup(3),
  pickGroup(100),
  lineGroup(),
  readGroup(),
  trayGroup(),
];
