import { formatAddress } from '../../model/address.ts';
import type { HealthCheck } from '../../model/health.ts';
import type { Problem } from '../../model/problem.ts';
import type { Target } from './checker.ts';

/**
 * Explains why a backend has never passed a check, and suggests what to change.
 * @param found the reason of its last probe
 * @param reason that reason, and what sources and people say of the backend
 */
export function explainUnproven(target: Target, found: string, reason: string): Problem {
  const { address, check, origin, caveat } = target;
  const at = formatAddress({ ...address, port: check.port ?? address.port });
  const asked = check.type === 'http' ? `${check.method} ${check.path} at ${at}` : at;
  const hints = [caveat, hintOf(target, found)].filter((hint) => hint !== undefined);
  return {
    severity: 'error',
    source: origin.source,
    subject: origin.name,
    where: 'health',
    message: `has not passed a check yet: ${asked}: ${reason}`,
    ...(hints.length > 0 && { hint: hints.join('; ') }),
  };
}

/** Suggests what to change, by the most frequent cause of what the probe found. */
function hintOf({ address, check, origin, caveat }: Target, found: string): string | undefined {
  const isContainer = origin.containerId !== undefined;
  const key = (name: string) => (isContainer ? `fairlead.${name}` : name);
  const port = check.port ?? address.port;
  const portKey = check.port === undefined ? 'port' : 'health.port';
  const status = /^HTTP (\d+)$/.exec(found)?.[1];
  if (status !== undefined) return statusHint(Number(status), check, key);
  if (found === 'connection refused') {
    if (!isContainer) return 'does anything listen there?';
    if (caveat !== undefined) return undefined;
    return `does it listen on port ${port}, and on all addresses rather than on 127.0.0.1 within its container?`;
  }
  if (found.startsWith('no answer'))
    return `is ${check.path} of port ${port} answered at all? ${key('health.timeout')} gives it longer`;
  if (found.startsWith('no connection') || found.startsWith('no route'))
    return isContainer
      ? `is a firewall between? ${key('network')} names another network of it`
      : 'is a firewall between?';
  if (/^the (?:connection was closed|answer does not)/.test(found))
    return `does port ${port} speak plain HTTP? ${isContainer ? `${key(portKey)} names another, ` : ''}${key('health.type')}=tcp only connects`;
  if (found === 'the name is not known') return 'is it spelled right, and known where Fairlead runs?';
  return undefined;
}

/** Statuses by which servers say that they do not know the host of a request. */
const OTHER_HOST: readonly number[] = [400, 403, 404, 421];

/** Statuses that ask for a login. Each check would be a failed login, and some applications lock users out after several. */
const LOGIN: readonly number[] = [401, 403];

function statusHint(status: number, check: HealthCheck, key: (name: string) => string): string {
  if (LOGIN.includes(status) && check.host === undefined)
    return `it may want a login: ${key('health.path')} names a page without one, or is left out; ${key('health.host')} says whom it is asked for`;
  const ranges = check.status.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',');
  const host =
    check.host === undefined && OTHER_HOST.includes(status)
      ? `, and ${key('health.host')} whom it is asked for`
      : '';
  return `${key('health.path')} says what is asked, ${key('health.status')} what passes (${ranges})${host}`;
}
