import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import type { RequestFilter } from './filter.ts';

/** Where https is spoken. */
export interface Https {
  /** Undefined as long as it is spoken nowhere. */
  readonly httpsPort: number | undefined;
}

/** 308: permanent, and the client repeats the same request at the new place, body and all (RFC 9110, section 15.4.9). */
const STATUS = 308;
const NO_BODY = Buffer.alloc(0);

/** Redirects requests that did not come by https to the same URL by https, once https is spoken somewhere. */
export class RedirectToHttps implements RequestFilter {
  readonly #https: Https;

  constructor(https: Https) {
    this.#https = https;
  }

  onRequest(exchange: Exchange): Reply | undefined {
    const { httpsPort } = this.#https;
    const { head } = exchange;
    // Without a host there is no URL to redirect to.
    if (httpsPort === undefined || exchange.scheme === 'https' || head.host === '') return undefined;
    const name = head.host.replace(/:\d*$/, '');
    // A host without a port has the usual ports towards the public, whichever port https has in here.
    const port = name === head.host || httpsPort === 443 ? '' : `:${httpsPort}`;
    const target = head.target === '*' ? '/' : head.target;
    return { status: STATUS, fields: `Location: https://${name}${port}${target}\r\n`, body: NO_BODY };
  }
}
