import type { ResponseHead } from '../../message/response-head.ts';
import type { Exchange } from '../exchange.ts';
import type { ResponseFilter } from './filter.ts';
import { HeaderEdits } from './header-edits.ts';

/**
 * Has browsers ask for a host by https alone (RFC 6797). Only who was shown a certificate that everybody trusts is told so: with
 * another one a browser that keeps to it shows nothing but an error, for as long as was said.
 */
export class Hsts implements ResponseFilter {
  readonly #edits: HeaderEdits;

  /** @param value of Strict-Transport-Security */
  constructor(value: string) {
    this.#edits = new HeaderEdits([{ how: 'set', name: 'Strict-Transport-Security', value }]);
  }

  onResponse(exchange: Exchange, head: ResponseHead, added: string): string {
    if (!isPublic(exchange)) return added;
    this.#edits.drop(head);
    return this.#edits.over(added, exchange);
  }

  onReply(exchange: Exchange, added: string): string {
    return isPublic(exchange) ? this.#edits.over(added, exchange) : added;
  }
}

function isPublic({ downstream }: Exchange): boolean {
  return downstream.transport.shown?.pair.isPublic === true;
}
