import type { RouteClaim } from '../../../model/contribution.ts';
import { DEFAULTS, type Draft } from '../../../model/keys/draft.ts';
import { PREFIX } from '../../../model/keys/key.ts';
import { shorten } from '../../../model/text.ts';
import { ALL_LABELS } from './limits.ts';
import type { ParsedService } from './parse-labels.ts';
import type { SettingProblem } from './setting-problem.ts';

/** The problem of labels that name no route at all. */
export const NO_ROUTE = {
  message: 'nothing says which requests the container wants',
  hint: 'add fairlead.host=NAME, or fairlead.service=NAME to join a service',
};

/** The prefix of all labels of one service. */
export function prefixOf(service: string): string {
  return service === '' ? PREFIX : `${PREFIX}services.${shorten(service)}.`;
}

/** The first key that has no meaning without a host; undefined if there is none. */
export function orphanKey({ route }: Draft): string | undefined {
  if (route.path !== undefined) return 'path';
  if (route.stripPrefix !== undefined) return 'strip-prefix';
  if (route.priority !== undefined) return 'priority';
  return (['tls', 'https', 'hsts'] as const).find((key) => route[key] !== undefined);
}

/** The routes that a draft asks for, one for each of its hosts. */
export function routesOf({ route }: Draft): RouteClaim[] {
  const { host: hosts = [], ...rest } = route;
  return hosts.map((host) => ({ host, ...DEFAULTS.route, ...rest }));
}

/** The problem of labels that are valid one by one, but together do not say which requests the service wants. */
export function missingRoute({ draft, name, problems }: ParsedService): SettingProblem | undefined {
  const prefix = prefixOf(name);
  // An invalid host or service has been reported already.
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
