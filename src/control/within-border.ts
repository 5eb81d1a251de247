import { type Address, formatAddress } from '../model/address.ts';
import { type Border, isOwnListener, whyBeyond } from '../model/border.ts';
import type { Claim, Contribution } from '../model/contribution.ts';
import type { Problem } from '../model/problem.ts';
import type { Fallback } from '../model/service.ts';
import { type Source, sourceWith } from './discovery/source.ts';
import type { Probe } from './health/probe.ts';

/** A source whose claims can be judged again when the border has changed. */
export interface SourceWithin extends Source {
  judgeAgain(): void;
}

interface Judged {
  readonly claim: Claim;
  readonly problems: readonly Problem[];
}

/**
 * A source without the claims that the border forbids: backends that are this Fairlead itself, and URLs of fallbacks at
 * addresses that are not allowed. Each becomes a problem. Names are judged later, when a connection looks them up.
 */
export function sourceWithin(border: Border, source: Source): SourceWithin {
  // A claim that stays the same value keeps its judgement.
  let judged = new WeakMap<Claim, Judged>();
  let say = () => {};
  const judge = (claim: Claim): Judged => {
    const known = judged.get(claim) ?? judgeClaim(claim, border);
    judged.set(claim, known);
    return known;
  };
  return {
    ...sourceWith(source, (publish, signal) => {
      source.watch((contribution) => {
        say = () => publish(withJudged(contribution, contribution.claims.map(judge)));
        say();
      }, signal);
    }),
    judgeAgain() {
      judged = new WeakMap();
      say();
    },
  };
}

/** A probe that never asks this Fairlead itself, since the request of a check could be an order to it. */
export function probeWithin(border: Border, probe: Probe): Probe {
  return async (address, check, question) =>
    isOwnListener({ ...address, port: check.port ?? address.port }, border)
      ? { isPass: false, reason: 'Fairlead itself listens there' }
      : probe(address, check, question);
}

function withJudged(contribution: Contribution, judged: readonly Judged[]): Contribution {
  const problems = judged.flatMap((one) => one.problems);
  if (problems.length === 0) return contribution;
  return {
    ...contribution,
    claims: judged.map(({ claim }) => claim),
    problems: [...contribution.problems, ...problems],
  };
}

function judgeClaim(claim: Claim, border: Border): Judged {
  const problems: Problem[] = [];
  const problem = (where: string, message: string, hint: string) =>
    problems.push({
      severity: 'error',
      source: claim.origin.source,
      subject: claim.origin.name,
      where,
      message,
      hint,
    });
  const { serves, ...rest } = claim;
  let found: Claim = claim;
  if (serves !== undefined && isOwnListener(serves.address, border)) {
    const message = `${formatAddress(serves.address)} is where Fairlead itself listens`;
    problem('port', message, 'say the port of the service');
    found = rest;
  }
  const { fallback } = claim.settings;
  const within = fallback?.filter((one) => {
    const why = whyNot(one, border);
    if (why !== undefined) problem('fallback', why, 'see --fallback-allow');
    return why === undefined;
  });
  if (within?.length !== fallback?.length) {
    const { fallback: _, ...settings } = claim.settings;
    found = {
      ...found,
      settings: within?.length === 0 ? settings : { ...settings, fallback: within as Fallback[] },
    };
  }
  return { claim: found, problems };
}

/** Says why fallbacks of labels lead to an address that must be allowed first, without knowing what a running Fairlead knows. */
export function fallbacksBeyond(fallbacks: readonly Fallback[] = []): string[] {
  const border: Border = { listeners: [], allowed: [], local: () => [] };
  return fallbacks.map((one) => whyNot(one, border)).filter((why) => why !== undefined);
}

function whyNot(fallback: Fallback, border: Border): string | undefined {
  if (fallback.kind !== 'url') return undefined;
  const address = addressOf(fallback.url);
  const why = whyBeyond(address, fallback.mayBePrivate ?? false, border);
  return why && `${formatAddress(address)} ${why}`;
}

function addressOf(text: string): Address {
  const { hostname, port, protocol } = new URL(text);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
