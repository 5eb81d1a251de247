import type { HeaderEdit } from '../../../model/filter.ts';
import type { Exchange } from '../exchange.ts';
import type { RequestFilter } from './filter.ts';
import type { Filtering } from './filtering.ts';
import { HeaderEdits } from './header-edits.ts';

/**
 * Sets, adds and removes headers of requests for backends. A backend never sees what a client sent of the names that are set or
 * removed.
 */
export class RequestHeaders implements RequestFilter {
  readonly #edits: HeaderEdits;

  constructor(edits: readonly HeaderEdit[]) {
    this.#edits = new HeaderEdits(edits);
  }

  onRequest(exchange: Exchange, filtering: Filtering): undefined {
    this.#edits.drop(exchange.head);
    filtering.fields = this.#edits.over(filtering.fields, exchange);
    return undefined;
  }
}
