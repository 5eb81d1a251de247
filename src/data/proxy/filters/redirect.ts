import type { Exchange } from '../exchange.ts';
import { type Https, redirectToHttps } from '../https.ts';
import type { Reply } from '../reply.ts';
import type { RequestFilter } from './filter.ts';

/** Redirects requests that did not come by https to the same URL by https, once that can be had. */
export class RedirectToHttps implements RequestFilter {
  readonly #https: Https;

  constructor(https: Https) {
    this.#https = https;
  }

  onRequest(exchange: Exchange): Reply | undefined {
    if (exchange.scheme === 'https') return undefined;
    const said = redirectToHttps(exchange, this.#https, true);
    return said === 'loop' ? undefined : said;
  }
}
