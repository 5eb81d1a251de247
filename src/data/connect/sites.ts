import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { type Border, whyBeyond } from '../../model/border.ts';
import type { UrlFallback } from '../../model/service.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';

const CONNECT_MS = 5_000;

/**
 * Connections to the sites of fallbacks by URL. Where a connection leads is judged each time one is opened, by all addresses
 * that the name of its site has then. Fallbacks that labels asked for have connections of their own, since they may lead to
 * fewer addresses.
 */
export class Sites {
  readonly #public: Agent;
  readonly #private: Agent;

  /** @param maxHeaderSize most bytes of a response's head */
  constructor(border: Border, maxHeaderSize: number) {
    this.#public = new Agent({ maxHeaderSize, connect: connectWithin(border, false) });
    this.#private = new Agent({ maxHeaderSize, connect: connectWithin(border, true) });
  }

  /** Closes each open connection once the exchange on it has ended. */
  close(): void {
    for (const agent of [this.#public, this.#private]) agent.close().catch(() => {});
  }

  /** The connections for a fallback. */
  agent({ mayBePrivate }: UrlFallback): Agent {
    return mayBePrivate === true ? this.#private : this.#public;
  }
}

function connectWithin(border: Border, mayBePrivate: boolean): buildConnector.connector {
  return (site, callback) => {
    const port = Number(site.port) || (site.protocol === 'https:' ? 443 : 80);
    const refusal = (host: string) => {
      try {
        const why = whyBeyond({ host: host.replace(/^\[|\]$/g, ''), port }, mayBePrivate, border);
        return why === undefined ? undefined : new Error(`${host} ${why}`);
      } catch (error) {
        // An address that cannot be judged is refused.
        internalErrors.report('request', error);
        return new Error(`${host} cannot be judged`);
      }
    };
    // An address as the host is judged here, since no lookup happens for it.
    const refused = refusal(site.hostname);
    if (refused !== undefined) return callback(refused, null);
    buildConnector({ timeout: CONNECT_MS, lookup: lookupWithin(refusal) })(site, callback);
  };
}

/** Looks names up, and fails for a name if any of its addresses is refused. */
function lookupWithin(refusal: (address: string) => Error | undefined): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) return callback(error, '');
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      const refused = addresses.map(refusal).find((one) => one !== undefined);
      if (refused === undefined) callback(null, found, family);
      else callback(new Error(`${hostname}: ${refused.message}`), '');
    });
}
