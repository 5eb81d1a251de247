import type { Claim } from '../../model/contribution.ts';
import type { Source } from './source.ts';

/** A source that publishes one contribution, which never changes. */
export function staticSource(name: string, target: string, claims: readonly Claim[]): Source {
  return {
    name,
    watch(publish) {
      publish({ status: { name, target, connected: true }, claims, problems: [] });
    },
  };
}
