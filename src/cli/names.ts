import type { LiveState } from '../admin/state.ts';
import { askAdmin } from './admin-client.ts';
import type { Run } from './command.ts';
import { loadFrom } from './configuration.ts';
import { servedBeside } from './served.ts';
import { print } from './terminal.ts';

/** Nobody waits longer for a completion. */
const TIMEOUT_MS = 1_000;
/** More than that nobody reads. */
const MOST = 1_000;
/** Names are those of others, and go to shells: whatever means anything there is left out. */
const HARMLESS = /^[\w@%+=./-]{1,200}$/;

/** `fairlead names backend|service|subject`: what the running Fairlead knows, a line each; nothing where none answers. */
export const namesCommand: Run = async ({ operands: [what], options }, terminal) => {
  const loaded = loadFrom(options, terminal, { served: servedBeside(options, terminal.program) });
  const timeout = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), TIMEOUT_MS));
  const answer = await Promise.race([askAdmin(loaded.options, '/api/snapshot'), timeout]);
  if (answer?.status === 200) print(...namesOf(JSON.parse(answer.body), what ?? ''));
  return 0;
};

/** Names of one kind that a shell may be given. */
export function namesOf({ services, routes }: LiveState, what: string): string[] {
  const backends = services.flatMap((service) => service.backends);
  const names = {
    service: services.map(({ name }) => name),
    backend: backends.map(({ name }) => name),
    subject: [
      ...backends.map(({ origin }) => origin.name),
      ...services.map(({ name }) => name),
      ...routes.map(({ host, path }) => host + path),
    ],
  }[what];
  return [...new Set(names)].filter((name) => HARMLESS.test(name)).slice(0, MOST);
}
