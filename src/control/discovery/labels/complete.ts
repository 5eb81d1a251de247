import type { RouteClaim } from '../../../model/contribution.ts';
import { DEFAULTS, type Draft } from '../../../model/keys/draft.ts';
import { PREFIX } from '../../../model/keys/key.ts';
import { shorten } from '../../../model/text.ts';
import { ALL_LABELS } from './limits.ts';
import type { ParsedService } from './parse.ts';
import type { SettingProblem } from './problem.ts';

/** What is missing where labels name no route at all. */
export const NO_ROUTE = {
  message: 'nothing says which requests the container wants',
  hint: 'add fairlead.host=NAME, or fairlead.service=NAME to join a service',
};

/** What all labels of one service begin with. */
export function prefixOf(service: string): string {
  return service === '' ? PREFIX : `${PREFIX}services.${shorten(service)}.`;
}

/** The first key that means nothing without a host. */
export function orphanKey({ route }: Draft): string | undefined {
  if (route.path !== undefined) return 'path';
  if (route.stripPrefix !== undefined) return 'strip-prefix';
  return route.priority === undefined ? undefined : 'priority';
}

/** The routes that it asks for, one for each of its hosts. */
export function routesOf({ route }: Draft): RouteClaim[] {
  const { host: hosts = [], ...rest } = route;
  return hosts.map((host) => ({ host, ...DEFAULTS.route, ...rest }));
}

/** Why labels, each good in itself, do not say which requests the service wants. */
export function missingRoute({ draft, name, problems }: ParsedService): SettingProblem | undefined {
  const prefix = prefixOf(name);
  // What is there but bad has said so already.
  const isTold = problems.some(({ key }) => [`${prefix}host`, `${prefix}service`, ALL_LABELS].includes(key));
  if (draft.route.host !== undefined || isTold) return undefined;
  const orphan = orphanKey(draft);
  if (orphan !== undefined) {
    const message = 'needs a host to belong to';
    return { severity: 'error', key: prefix + orphan, message, hint: `add ${prefix}host` };
  }
  if (draft.backend.service !== undefined) return undefined;
  const hint = NO_ROUTE.hint.replaceAll(PREFIX, prefix);
  return { severity: 'error', key: `${prefix}host`, message: NO_ROUTE.message, hint };
}
