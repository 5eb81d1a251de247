import type { Border } from '../model/border.ts';
import { ClientLimit, type ClientLimits } from './listener/client-limit.ts';
import { trustIn } from './listener/trust.ts';
import type { HeadRules } from './message/head.ts';

/** The data plane's slice of the options. Times are in milliseconds. */
export interface DataOptions extends ClientLimits {
  readonly trustedProxies: readonly string[];
  readonly pages: string;
  /** Where fallbacks by URL must not lead. The addresses that this plane listens on are added. */
  readonly border: Border;
  readonly headerTimeout: number;
  readonly bodyTimeout: number;
  readonly minBodyRate: number;
  readonly idleTimeout: number;
  readonly maxRequestsPerConnection: number;
  readonly maxHeaderSize: number;
  readonly maxHeaders: number;
  readonly keepUnderscores: boolean;
}

/** The options that connections and requests read. When options change, the object is replaced as a whole, like a snapshot. */
export interface Settings {
  readonly rules: HeadRules;
  readonly maxHeaderSize: number;
  readonly headerTimeout: number;
  readonly bodyTimeout: number;
  /** The least rate of a request's body, in bytes per second; 0 is no limit. */
  readonly minBodyRate: number;
  readonly idleTimeout: number;
  /** The most requests of a connection, which closes after the last one; 0 is no limit. */
  readonly maxRequestsPerConnection: number;
  /** Whether an address is a trusted proxy, which is believed about clients. */
  readonly isTrusted: (address: string) => boolean;
  readonly clientLimit: ClientLimit;
}

/** Makes the settings of options. */
export function makeSettings(options: DataOptions): Settings {
  const isTrusted = trustIn(options.trustedProxies);
  return Object.freeze({
    rules: { maxHeaders: options.maxHeaders, keepUnderscores: options.keepUnderscores },
    maxHeaderSize: options.maxHeaderSize,
    headerTimeout: options.headerTimeout,
    bodyTimeout: options.bodyTimeout,
    minBodyRate: options.minBodyRate,
    idleTimeout: options.idleTimeout,
    maxRequestsPerConnection: options.maxRequestsPerConnection,
    isTrusted,
    clientLimit: new ClientLimit(options, isTrusted),
  });
}
