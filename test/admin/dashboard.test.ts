import { readdirSync, readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { stateOf } from '../../src/admin/state.ts';
import { ADMIN_SNAPSHOT, ADMIN_WORKER, adminView, startTestAdmin, TWO_LISTENERS } from '../support/admin.ts';
import { ask } from '../support/client.ts';

const FOLDER = new URL('../../src/admin/dashboard/', import.meta.url);
const FILES = readdirSync(FOLDER).map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')] as const);
const read = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');

/** A node as the page's code may use it: writing anything but text, class and hidden throws. */
class FakeNode {
  /** What a closer look shows: text like any other, never markup. */
  title = '';
  className = '';
  hidden = false;
  classList = { add: () => {}, remove: () => {} };
  #content: (FakeNode | string)[] = [];

  append(...children: (FakeNode | string)[]): void {
    this.#content.push(...children);
  }

  replaceChildren(...children: (FakeNode | string)[]): void {
    this.#content = children;
  }

  get textContent(): string {
    return this.#content.map((child) => (typeof child === 'string' ? child : child.textContent)).join('|');
  }

  set textContent(text: string) {
    this.#content = [text];
  }
}

/** Runs the page's code on a state, and answers the text of its parts. */
async function show(state: unknown): Promise<Record<string, string>> {
  const parts: Record<string, FakeNode> = {};
  const sealed = () => Object.seal(new FakeNode());
  const getElementById = (id: string) => {
    parts[id] ??= sealed();
    return parts[id];
  };
  const document = { hidden: false, body: sealed(), createElement: sealed, getElementById };
  const fetch = async (url: unknown) => {
    // As browsers do on a page whose address has a password: it would be in that of a path, too.
    if (`${url}` !== 'http://localhost:9900/api/snapshot')
      throw new TypeError('a URL that includes credentials');
    return { ok: true, json: async () => JSON.parse(JSON.stringify(state)) };
  };
  const location = { origin: 'http://localhost:9900' };
  await new Promise<void>((resolve) => {
    const page = { document, fetch, location, URL, setTimeout: resolve };
    runInNewContext(`'use strict';${read('app.js')}`, page);
  });
  return Object.fromEntries(Object.entries(parts).map(([id, node]) => [id, node.textContent]));
}

t.test('no file of the page makes markup or code of text', async (t) => {
  t.ok(FILES.length >= 3);
  const makesMarkup =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|DOMParser|createContextualFragment/;
  for (const [name, text] of FILES) t.notMatch(text, makesMarkup, name);
});

t.test('the page has no inline code and no inline style, which its policy would forbid', async (t) => {
  const html = read('index.html');
  t.notMatch(html, /<script(?![^>]*\bsrc=)/i, 'every script is a file');
  t.notMatch(html, /<script[^>]*>\s*[^<\s]/i, 'no script has a text');
  t.notMatch(html, /\son\w+\s*=/i, 'no attribute is a handler');
  t.notMatch(html, /\sstyle\s*=|<style/i);
  t.notMatch(html, /javascript:/i);
});

t.test('the page loads nothing from elsewhere, and all that it loads is served', async (t) => {
  const { port } = await startTestAdmin(t);
  const links = [...read('index.html').matchAll(/\b(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? '');
  t.ok(links.includes('/app.js') && links.includes('/style.css'));
  for (const path of links) {
    t.match(path, /^\/(?!\/)/, `${path} is here`);
    t.equal((await ask(port, { path })).status, 200, `${path} is served`);
  }
  for (const [name, text] of FILES) {
    // The name of a language, from where nothing is loaded.
    const loaded = text.replace('xmlns="http://www.w3.org/2000/svg"', '');
    t.notMatch(loaded, /https?:\/\/|url\(/, `${name} names no other place`);
  }
});

t.test('the page tells connections of each listener, where there are several', async (t) => {
  const parts = await show(stateOf(adminView({ listeners: () => TWO_LISTENERS })));
  t.match(parts['summary'], ' · 9 connections (http 9, http-2 0) · ');
});

t.test('the page shows services, backends, problems and sources', async (t) => {
  const parts = await show(stateOf(adminView()));
  t.match(parts['summary'], '1.2.3 · up 1 min · 1 service · 5 requests · 9 connections · table version 7');
  t.match(
    parts['services'],
    /shop\|.*shop\.localhost · round-robin · 5 requests, 2 errors, 1 retries, 1 fallbacks/,
  );
  t.match(parts['services'], 'a|10.0.0.1:80|available|5 s|200 in 2 ms, 1 s ago|1|1|5|2');
  t.match(parts['services'], 'b|10.0.0.1:81|failing its check: refused|2 s||1 backup|0|0|0');
  t.match(parts['problems'], 'web-9| fairlead.hots is not a known key');
  t.match(parts['sources'], 'docker unix:///run/docker.sock: connected');
});

t.test('the page shows each of several workers, and nothing of a single one', async (t) => {
  t.equal((await show(stateOf(adminView())))['workers'], '');
  const second = { ...ADMIN_WORKER, worker: 2, pid: 4_712, state: 'draining' as const, requests: 1 };
  const parts = await show(stateOf(adminView({ workers: () => [ADMIN_WORKER, second] })));
  t.match(parts['workers'], 'Workers|');
  t.match(parts['workers'], '1|4711|serving|30 s|9|5|90 MB|1');
  t.match(parts['workers'], '2|4712|draining|30 s|9|1|90 MB|0');
});

t.test('a page of nothing says what to do', async (t) => {
  const snapshot = { ...ADMIN_SNAPSHOT, services: [], routes: [], problems: [] };
  const parts = await show(stateOf(adminView({ snapshot: () => snapshot })));
  t.match(parts['services'], 'No services yet');
});

t.test('a source that is lost says since when and why', async (t) => {
  const sources = [
    {
      name: 'docker',
      target: 'x',
      connected: false,
      staleSince: adminView().now() - 120_000,
      error: 'refused',
    },
  ];
  const parts = await show(stateOf(adminView({ snapshot: () => ({ ...ADMIN_SNAPSHOT, sources }) })));
  t.match(parts['sources'], 'docker x: stale since 2 min: refused');
});

t.test('the page shows what is ill first, and what was removed last, with why and until when', async (t) => {
  const [shop] = ADMIN_SNAPSHOT.services;
  if (shop === undefined) throw new Error('there is a service');
  const [a] = shop.backends;
  const now = adminView().now();
  const removed = { at: now - 300_000, until: now + 3_300_000 };
  const services = [
    { ...shop, name: 'a-gone', backends: [], absence: { names: ['old-1'], removed } },
    { ...shop, name: 'b-well', backends: a === undefined ? [] : [a] },
    { ...shop, name: 'c-half' },
    { ...shop, name: 'd-out', backends: [], absence: { names: ['web-9'] } },
  ];
  const snapshot = () => ({ ...ADMIN_SNAPSHOT, services });
  const text = (await show(stateOf(adminView({ snapshot }))))['services'] ?? '';
  t.strictSame(text.match(/a-gone|b-well|c-half|d-out/g), ['d-out', 'c-half', 'b-well', 'a-gone']);
  t.match(text, 'no backends: no container serves (web-9)');
  t.match(text, 'no backends: its last container, old-1, was removed 5 min ago; forgotten in 55 min');
});

t.test('a hostile name is shown as the text that it is', async (t) => {
  const hostile = '<img src=x onerror=alert(1)>';
  const problems = [
    {
      severity: 'error' as const,
      source: 'docker',
      subject: hostile,
      where: hostile,
      message: hostile,
      hint: hostile,
    },
  ];
  const parts = await show(stateOf(adminView({ snapshot: () => ({ ...ADMIN_SNAPSHOT, problems }) })));
  t.match(parts['problems'], `${hostile}| ${hostile} ${hostile}| (${hostile})`);
});
