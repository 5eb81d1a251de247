import type { Claim } from '../model/contribution.ts';
import { SERVICE_KEYS } from '../model/keys/key-table.ts';
import { put, type Setting } from '../model/keys/key-tree.ts';
import type { Problem } from '../model/problem.ts';
import type { ServiceSettings } from '../model/service.ts';

/** A value that one claim of a service asks for. */
interface Wish extends Setting {
  readonly claim: Claim;
}

/**
 * Merges the settings of a service's claims. Each value is that of the newest claim that sets it, and claims that want
 * another value get a notice. Takes time linear in the number of values.
 * @param claims in the order of their precedence: a later claim wins over an earlier one
 */
export function mergeSettings(
  service: string,
  claims: readonly Claim[],
  problems: Problem[],
): ServiceSettings {
  const wishes = new Map<string, Wish[]>();
  for (const claim of claims) {
    for (const setting of SERVICE_KEYS.settingsIn(claim.settings)) {
      const wish = { ...setting, claim };
      const others = wishes.get(setting.key);
      if (others === undefined) wishes.set(setting.key, [wish]);
      else others.push(wish);
    }
  }
  const merged: ServiceSettings = {};
  for (const all of wishes.values()) {
    const winner = all.at(-1) as Wish;
    put(merged, winner.path, winner.value);
    const value = JSON.stringify(winner.value);
    for (const loser of all)
      if (JSON.stringify(loser.value) !== value) problems.push(conflict(service, loser, winner));
  }
  return merged;
}

function conflict(service: string, { key, claim: loser }: Wish, { claim: winner }: Wish): Problem {
  const why = loser.createdAt > winner.createdAt ? 'serves' : 'is newer';
  return {
    severity: 'notice',
    source: loser.origin.source,
    subject: loser.origin.name,
    where: key,
    message: `differs from what ${winner.origin.name} says of service ${service}, which ${why} and wins`,
  };
}
