import { shorten } from '../../../model/text.ts';
import type { Draft } from './draft.ts';
import { PREFIX, type SettingProblem } from './key.ts';
import type { ParsedService } from './parse.ts';

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
export function orphanKey(draft: Draft): string | undefined {
  if (draft.path !== undefined) return 'path';
  if (draft.stripPrefix !== undefined) return 'strip-prefix';
  return draft.priority === undefined ? undefined : 'priority';
}

/** Why labels, each good in itself, do not say which requests the service wants. */
export function missingRoute({ draft, name, problems }: ParsedService): SettingProblem | undefined {
  // A host that is there but bad has said so already.
  if (draft.host !== undefined || problems.some((problem) => /\.(?:host|service|\*)$/.test(problem.key)))
    return undefined;
  const prefix = prefixOf(name);
  const orphan = orphanKey(draft);
  if (orphan !== undefined) {
    const message = 'needs a host to belong to';
    return { severity: 'error', key: prefix + orphan, message, hint: `add ${prefix}host` };
  }
  if (draft.service !== undefined) return undefined;
  const hint = NO_ROUTE.hint.replaceAll(PREFIX, prefix);
  return { severity: 'error', key: `${prefix}host`, message: NO_ROUTE.message, hint };
}
