import type { Absence } from '../model/service.ts';
import type { Group } from './claim-groups.ts';

/** The most containers that the reason names. */
const MOST_NAMED = 100;

/** Why a group has no backends; undefined for a group of a file, where nobody would expect an explanation. */
export function absenceOf({ claims }: Group): Absence | undefined {
  const there = claims.filter(({ isGone }) => !isGone);
  if (there.length > 0) {
    const containers = there.filter(({ origin }) => origin.containerId !== undefined);
    const names = new Set(containers.map(({ origin }) => origin.name));
    return names.size === 0 ? undefined : { names: [...names].slice(0, MOST_NAMED) };
  }
  // The container that left last explains it. The order of the claims cannot tell which one that is: it is their precedence.
  let last: Absence | undefined;
  for (const { origin, removed } of claims)
    if (removed !== undefined && removed.at >= (last?.removed?.at ?? 0))
      last = { names: [origin.name], removed };
  return last;
}
