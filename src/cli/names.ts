import type { LiveState } from '../admin/state.ts';
import { askAdmin } from './admin-client.ts';
import type { Run } from './command.ts';
import { loadFrom } from './configuration.ts';
import { servedBeside } from './served.ts';
import { print } from './terminal.ts';

/** How long an answer may take, in milliseconds: nobody waits longer for a completion. */
const TIMEOUT_MS = 1_000;
/** The most names that are printed: nobody reads more. */
const MOST = 1_000;
/** Names that mean nothing special to a shell; others are left out, since strangers choose them. */
const HARMLESS = /^[\w@%+=./-]{1,200}$/;

/** Runs `fairlead names backend|service|subject`: prints the names that the running Fairlead knows, if one answers. */
export const namesCommand: Run = async ({ operands: [what], options }, terminal) => {
  const loaded = loadFrom(options, terminal, { served: servedBeside(options, terminal.program) });
  const timeout = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), TIMEOUT_MS));
  const answer = await Promise.race([askAdmin(loaded.options, '/api/snapshot'), timeout]);
  if (answer?.status === 200) print(...namesOf(JSON.parse(answer.body), what ?? ''));
  return 0;
};

/** The names of a kind that may be given to a shell. */
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
