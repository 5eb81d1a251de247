import type { Clock } from '../model/clock.ts';
import type { AccessEntry } from './events.ts';
import type { Log } from './log.ts';

/** Failures that are logged each second; more are only counted. */
const MAX_ERRORS_LOGGED = 20;

/** How often it is said that connections of clients are refused: who floods must not fill the log. */
const REFUSALS_MS = 60_000;

/** Logs requests that failed, and no more of them than somebody could read. */
export function makeErrorLog(log: Log, clock: Clock): (entry: AccessEntry) => void {
  let logged = 0;
  let isRefusalLogged = false;
  const logRefusal = ({ client }: AccessEntry) => {
    if (isRefusalLogged) return;
    isRefusalLogged = true;
    clock.after(REFUSALS_MS, () => {
      isRefusalLogged = false;
    });
    log.warn(
      `a connection of ${client} was refused, since it has as many as max-connections-per-client lets it; if it is a proxy, trusted-proxies should name it`,
    );
  };
  return (entry) => {
    if (entry.error === 'too-many-connections') return logRefusal(entry);
    const { status, service, backend, attempts, error, detail, requestId } = entry;
    if (logged === 0) {
      clock.after(1_000, () => {
        const more = logged - MAX_ERRORS_LOGGED;
        if (more > 0) log.warn(`${more} more errors in the last second`);
        logged = 0;
      });
    }
    if (++logged > MAX_ERRORS_LOGGED) return;
    // What a retry overcame is no trouble for anybody.
    const level = status >= 500 ? 'warn' : 'debug';
    log[level](
      { service, backend, attempts, requestId },
      `${status} ${requestOf(entry)}: ${error} (${detail})`,
    );
  };
}

/** Which request it was; of a connection that was refused none is known. */
function requestOf({ method, host, target, client }: AccessEntry): string {
  return method === '' ? `connection of ${client}` : `${method} ${host}${target}`;
}
