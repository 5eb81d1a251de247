import type { Border } from '../model/border.ts';
import { ClientLimit, type ClientLimits } from './listener/client-limit.ts';
import { trustIn } from './listener/trust.ts';
import type { HeadRules } from './message/head.ts';

/** The data plane's slice of the options. Times are in milliseconds. */
export interface DataOptions extends ClientLimits {
  readonly trustedProxies: readonly string[];
  readonly pages: string;
  /** Where fallbacks by URL must not lead; that none leads to where this plane listens is added. */
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

/** What connections and requests go by. When options change it is replaced as a whole, as a snapshot is. */
export interface Settings {
  readonly rules: HeadRules;
  readonly maxHeaderSize: number;
  readonly headerTimeout: number;
  readonly bodyTimeout: number;
  /** Bytes a second that the body of a request must bring; 0 is no limit. */
  readonly minBodyRate: number;
  readonly idleTimeout: number;
  /** Requests of one connection, the last of which is answered with a close; 0 is no limit. */
  readonly maxRequestsPerConnection: number;
  /** Whether what an address says of clients is believed. */
  readonly isTrusted: (address: string) => boolean;
  readonly clientLimit: ClientLimit;
}

/** What follows of options. */
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
