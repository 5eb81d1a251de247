import type { Absence } from '../model/service.ts';
import type { Group } from './groups.ts';

/** Containers that are named. */
const MOST_NAMED = 100;

/** Why a group without backends has none; undefined where nobody would expect one, as of a file. */
export function absenceOf({ claims }: Group): Absence | undefined {
  const there = claims.filter(({ isGone }) => !isGone);
  if (there.length > 0) {
    const containers = there.filter(({ origin }) => origin.containerId !== undefined);
    const names = new Set(containers.map(({ origin }) => origin.name));
    return names.size === 0 ? undefined : { names: [...names].slice(0, MOST_NAMED) };
  }
  // Of several the one that left last; their order is that of their precedence.
  let last: Absence | undefined;
  for (const { origin, removed } of claims)
    if (removed !== undefined && removed.at >= (last?.removed?.at ?? 0))
      last = { names: [origin.name], removed };
  return last;
}
