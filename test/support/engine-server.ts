import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** What a fake Docker Engine answers. */
export interface EngineAnswers {
  readonly version?: unknown;
  readonly containers?: unknown;
  readonly networks?: unknown;
  /** Of one container. */
  readonly inspect?: unknown;
  /** Status of every answer but the version; 200 without it. */
  readonly status?: number;
  /** Answers in its own way what it knows; false leaves it to the others. */
  readonly handle?: (path: string, response: ServerResponse) => boolean;
}

export interface EngineServer {
  /** `unix://…` or `tcp://…` */
  readonly endpoint: string;
  /** `METHOD path` of each request, without the query, in order. */
  readonly requests: string[];
  /** The queries of the requests that had one. */
  readonly queries: Readonly<Record<string, string>>[];
  /** Writes into the event stream. */
  write(text: string): void;
  /** Ends the event stream in order, or cuts its connection. */
  end(): void;
  cut(): void;
}

const VERSION = { Version: '28.0.0', ApiVersion: '1.48', MinAPIVersion: '1.24' };

/** The API of a Docker Engine on a socket of the test's own; gone at the end of the test. */
export async function startEngineServer(
  t: Test,
  kind: 'unix' | 'tcp',
  answers: EngineAnswers = {},
): Promise<EngineServer> {
  const requests: string[] = [];
  const queries: EngineServer['queries'][number][] = [];
  let stream: ServerResponse | undefined;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://engine');
    requests.push(`${request.method} ${url.pathname}`);
    if (url.search !== '') queries.push(Object.fromEntries(url.searchParams));
    if (answers.handle?.(url.pathname, response)) return;
    if (url.pathname.endsWith('/events')) {
      stream = response;
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    } else answer(url.pathname, response, answers);
  });
  // A socket's path is at most 107 bytes long (unix(7)), and those of t.testdir are longer.
  const folder = await mkdtemp(join(tmpdir(), 'engine-'));
  const socket = join(folder, 'engine.sock');
  const where = kind === 'unix' ? { path: socket } : { port: 0, host: '127.0.0.1' };
  await new Promise<void>((resolve) => server.listen(where, resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
    return rm(folder, { recursive: true });
  });
  const endpoint =
    kind === 'unix' ? `unix://${socket}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const write = (text: string) => {
    stream?.write(text);
  };
  return {
    endpoint,
    requests,
    queries,
    write,
    end: () => stream?.end(),
    cut: () => stream?.destroy(),
  };
}

function answer(path: string, response: ServerResponse, answers: EngineAnswers): void {
  const { version = VERSION, containers = [], networks = [], inspect = {}, status = 200 } = answers;
  const isVersion = path.endsWith('/version');
  response.writeHead(isVersion ? 200 : status, { 'content-type': 'application/json' });
  if (isVersion) response.end(JSON.stringify(version));
  else if (status !== 200) response.end(JSON.stringify({ message: 'refused' }));
  else if (path.endsWith('/containers/json')) response.end(JSON.stringify(containers));
  else if (path.endsWith('/networks')) response.end(JSON.stringify(networks));
  else response.end(JSON.stringify(inspect));
}
