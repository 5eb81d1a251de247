import type { Claim, Contribution } from '../model/contribution.ts';
import { type Listener, schemeOf } from '../model/listener.ts';
import type { Problem } from '../model/problem.ts';
import { type Source, sourceWith } from './discovery/source.ts';

/** Why a redirect to https has no effect; undefined when it has one, or the claim asks for none. */
export function whyNoRedirect(
  { settings }: Pick<Claim, 'settings'>,
  listeners: readonly Listener[],
): string | undefined {
  if (settings.redirect === undefined || listeners.some((one) => schemeOf(one) === 'https')) return undefined;
  return 'has no effect, since Fairlead listens nowhere by https';
}

/** A source that also reports the claims whose redirect to https has no effect, because no listener speaks https. */
export function sourceWithHttps(listeners: readonly Listener[], source: Source): Source {
  return sourceWith(source, (publish, signal) =>
    source.watch((contribution) => publish(withNotices(contribution, listeners)), signal),
  );
}

function withNotices(contribution: Contribution, listeners: readonly Listener[]): Contribution {
  const notices = new Map<string, Problem>();
  for (const claim of contribution.claims) {
    const message = claim.isGone ? undefined : whyNoRedirect(claim, listeners);
    if (message === undefined) continue;
    const { source, name: subject, containerId } = claim.origin;
    // A service of a file has one claim for each backend, which would all give the same notice.
    const where =
      containerId === undefined && claim.service !== undefined
        ? `services.${claim.service}.redirect`
        : 'redirect';
    notices.set(`${subject} ${where}`, { severity: 'notice', source, subject, where, message });
  }
  if (notices.size === 0) return contribution;
  return { ...contribution, problems: [...contribution.problems, ...notices.values()] };
}
