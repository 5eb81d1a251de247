import type { Test } from 'tap';
import type { LiveState } from '../../src/admin/state.ts';
import { App } from '../../src/app.ts';
import { parseConfigFile } from '../../src/config/config-yaml.ts';
import { loadOptions } from '../../src/config/load.ts';
import { readText } from '../../src/config/text-file.ts';
import type { Source } from '../../src/control/discovery/source.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type Answer, type AskOptions, ask } from './client.ts';

/** A whole running Fairlead, wherever it runs. */
export interface TestFairlead {
  /** `http://HOST:PORT` of the proxy. */
  readonly origin: string;
  /** Sends a request through it. */
  ask(options: AskOptions): Promise<Answer>;
  /** What `/api/snapshot` says now. */
  state(): Promise<LiveState>;
  /** What `explain` says of a container; empty while it is not known. */
  explain(subject: string): Promise<string>;
}

/** Starts a Fairlead that watches an Engine, the machine's own without a name. It stops at the end of the test. */
export type StartFairlead = (t: Test, engine?: FairleadEngine) => Promise<TestFairlead>;

/** The Engine to watch. */
export interface FairleadEngine {
  readonly endpoint: string;
  docker(...args: string[]): Promise<string>;
}

/** Of the two addresses of a Fairlead all that tests want to know. */
export function makeFairlead(origin: string, admin: string, token?: string): TestFairlead {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const askAdmin = (path: string) => ask(admin, { host: new URL(admin).host, path, headers });
  return {
    origin,
    ask: (options) => ask(origin, options),
    state: async () => JSON.parse((await askAdmin('/api/snapshot')).body),
    async explain(subject) {
      const { status, body } = await askAdmin(`/api/explain?subject=${encodeURIComponent(subject)}`);
      return status === 200 ? JSON.parse(body).lines.join('\n') : '';
    },
  };
}

export interface TestApp extends TestFairlead {
  readonly app: App;
  /** `http://HOST:PORT` of the admin address. */
  readonly admin: string;
}

/** A Fairlead in this process, with these flags. */
export function startApp(t: Test, ...flags: string[]): Promise<TestApp> {
  return startAppWith(t, [], ...flags);
}

/** The same with sources that the test plays. */
export async function startAppWith(
  t: Test,
  sources: readonly Source[],
  ...flags: string[]
): Promise<TestApp> {
  const args = ['--http', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--grace', '100ms', ...flags];
  const { options, errors, file } = loadOptions({
    args,
    env: {},
    readFile: readText,
    parseFile: parseConfigFile,
  });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const app = new App({ options, file, log: silentLog(), sources });
  await app.start();
  t.teardown(() => app.stop());
  const { listeners, admin } = await app.open();
  const origin = `http://127.0.0.1:${admin?.port}`;
  return { app, admin: origin, ...makeFairlead(`http://127.0.0.1:${listeners[0]?.address.port}`, origin) };
}
