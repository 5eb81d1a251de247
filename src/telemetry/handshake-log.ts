import type { Clock } from '../model/clock.ts';
import { shorten } from '../model/text.ts';
import type { HandshakeFailure } from './events.ts';
import type { Log } from './log.ts';
import { Ration } from './ration.ts';

const MINUTE = 60_000;
/** Lines of a kind in a minute: nobody can fill the log by connecting. */
const MOST = 5;
const MOST_OF_NAME = 255;

/** Logs TLS handshakes that failed for a reason that somebody may do something about. */
export interface HandshakeLog {
  write(failure: HandshakeFailure): void;
  /** Logs how many were only counted so far. */
  flush(): void;
}

export function makeHandshakeLog(log: Log, clock: Clock): HandshakeLog {
  const ration = (what: string) =>
    new Ration(clock, MOST, MINUTE, (more) => log.info(`${more} more ${what} in the last minute`));
  const unknown = ration('TLS handshakes for names without a certificate');
  const failed = ration('TLS handshakes that failed');
  const plain = ration('connections of clients that speak HTTP to the https port');
  const crowded = ration('TLS handshakes that found no room');
  return {
    write({ result, peer, name, why }) {
      const of = name === '' ? '' : ` for ${shorten(name, MOST_OF_NAME)}`;
      switch (result) {
        case 'unknown-name':
          if (unknown.take())
            log.info(
              name === ''
                ? `${peer} named no host in its TLS handshake, and there is no default certificate (option default-certificate)`
                : `${peer} asked for ${shorten(name, MOST_OF_NAME)} by TLS, for which there is no certificate`,
            );
          break;
        case 'plain-http':
          if (plain.take()) log.info(`${peer} speaks HTTP to the https port; Fairlead said so`);
          break;
        case 'failed':
          if (failed.take())
            log.info(`the TLS handshake of ${peer}${of} failed: ${why || 'no reason is known'}`);
          break;
        case 'crowded':
          if (crowded.take())
            log.warn(
              `a TLS handshake of ${peer} was cut, since a quarter of max-connections are in one already; that may be an attack`,
            );
          break;
        default:
          log.debug(`the TLS handshake of ${peer}${of} ended: ${why || 'the client went away'}`);
      }
    },
    flush() {
      for (const one of [unknown, failed, plain, crowded]) one.flush();
    },
  };
}
