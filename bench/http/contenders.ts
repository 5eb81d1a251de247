import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BACKEND_PORTS, PROXY_PORT } from './ports.ts';
import { start } from './process.ts';

/** Something that forwards from `PROXY_PORT` to the backends. */
export interface Contender {
  readonly name: string;
  start(): ChildProcess;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const fairlead: Contender = {
  name: 'Fairlead',
  start() {
    const file = join(mkdtempSync(join(tmpdir(), 'fairlead-bench-')), 'fairlead.yaml');
    const backends = BACKEND_PORTS.map((port) => `http://127.0.0.1:${port}`).join(', ');
    const options = `http: 127.0.0.1:${PROXY_PORT}\nadmin: off\ndocker: off\nlog-level: error\n`;
    writeFileSync(file, `${options}services: { bench: { host: "*", backends: [${backends}] } }\n`);
    return start('proxy', process.execPath, [path('../../src/main.ts'), '--config', file]);
  },
};

const httpProxy: Contender = {
  name: 'http-proxy',
  start: () => start('proxy', process.execPath, [path('baselines/http-proxy.ts')]),
};

export const CONTENDERS: readonly Contender[] = [fairlead, httpProxy];
