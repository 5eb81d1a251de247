import type { Clock } from '../model/clock.ts';
import { shorten } from '../model/text.ts';
import type { AccessEntry } from './events.ts';
import type { Log } from './log.ts';
import { Ration } from './ration.ts';

/** The most characters that a line shows of a target, or of an error's detail. */
const MOST = 300;
/** The same for a host, which has at most 253 and a port. */
const MOST_OF_HOST = 260;

const SECOND = 1_000;
const MINUTE = 60_000;

/** Logs requests that failed. */
export interface ErrorLog {
  write(entry: AccessEntry): void;
  /** Says that somebody who is no trusted proxy speaks for one. */
  untrustedProto(peer: string): void;
  /** Logs how many errors were only counted so far. */
  flush(): void;
}

/** Makes a log of failed requests that writes no more lines than a person could read: nobody can fill it by a flood. */
export function makeErrorLog(log: Log, clock: Clock): ErrorLog {
  const failures = new Ration(clock, 20, SECOND, (more) =>
    log.warn(`${more} more errors in the last second`),
  );
  const clients = new Ration(clock, 10, MINUTE, (more) =>
    log.info(`${more} more requests of clients that were too slow in the last minute`),
  );
  const proxies = new Ration(clock, 1, MINUTE, () => {});
  const refusals = new Ration(clock, 1, MINUTE, () => {});
  const tls = new Ration(clock, 1, MINUTE, (more) =>
    log.info(`${more} more connections of clients that speak TLS to the http port in the last minute`),
  );
  const http2 = new Ration(clock, 1, MINUTE, (more) =>
    log.info(`${more} more connections of clients that speak HTTP/2 without asking in the last minute`),
  );
  return {
    write(entry) {
      switch (entry.error) {
        case 'too-many-connections':
          if (refusals.take())
            log.warn(
              `a connection of ${entry.client} was refused, since it has as many as max-connections-per-client lets it; if it is a proxy, trusted-proxies should name it`,
            );
          break;
        case 'tls-hello':
          if (tls.take())
            log.info(
              `${entry.client} speaks TLS to the http port; ask for http://, or for the port of the option https`,
            );
          break;
        case 'http2-preface':
          if (http2.take())
            log.info(
              `${entry.client} speaks HTTP/2 without asking (prior knowledge); Fairlead speaks HTTP/1.1 and said so`,
            );
          break;
        case 'client-stalled':
        case 'body-timeout':
          if (clients.take()) log.info(fieldsOf(entry), lineOf(entry));
          break;
        default:
          // An error that a retry overcame concerns nobody, so it is logged at `debug`.
          if (failures.take())
            log[entry.status >= 500 || entry.isCut ? 'warn' : 'debug'](fieldsOf(entry), lineOf(entry));
      }
    },
    untrustedProto(peer) {
      if (proxies.take())
        log.warn(
          `${peer} says that its requests came by https (X-Forwarded-Proto), and is no trusted proxy; they are not redirected there, since something before Fairlead seems to end TLS: name it in trusted-proxies`,
        );
    },
    flush() {
      for (const ration of [failures, clients, tls, http2]) ration.flush();
    },
  };
}

function fieldsOf({ service, backend, attempts, requestId }: AccessEntry): object {
  return { service, backend, attempts, requestId };
}

function lineOf(entry: AccessEntry): string {
  const { status, isCut, error, detail } = entry;
  return `${status} ${requestOf(entry)}${isCut ? ' was cut' : ''}: ${error}: ${shorten(detail, MOST)}`;
}

/** Names the request, or the client if its connection was refused before there was one. */
function requestOf({ method, host, target, client }: AccessEntry): string {
  if (method === '') return `connection of ${client}`;
  return `${shorten(method, MOST)} ${shorten(host, MOST_OF_HOST)}${shorten(target, MOST)}`;
}
