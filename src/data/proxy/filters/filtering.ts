import { withoutLines } from '../../message/field.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { Sweep } from '../../sweep.ts';
import type { ServiceState } from '../../upstream/service-state.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import type { RouteFilters } from './filter.ts';
import { type FilterEvents, FilterWait, type WaitLimit } from './wait.ts';

/** What an exchange needs to wait for a filter. */
export interface FilterContext {
  readonly sweep: Sweep;
  readonly events: FilterEvents;
}

/** One exchange on its way through the filters of its route. An exchange without filters has none. */
export class Filtering {
  /** The header lines that filters add to the request, each with its CRLF. */
  fields = '';
  /** The service of the route. */
  readonly service: ServiceState;
  readonly #exchange: Exchange;
  readonly #filters: RouteFilters;
  readonly #context: FilterContext;
  /** The index of the next request filter. */
  #place = 0;
  #wait: FilterWait | undefined = undefined;

  constructor(exchange: Exchange, service: ServiceState, filters: RouteFilters, context: FilterContext) {
    this.service = service;
    this.#exchange = exchange;
    this.#filters = filters;
    this.#context = context;
  }

  /** Passes the request from filter to filter. Undefined when all are through with it, and it goes on. */
  next(): Reply | FilterWait | undefined {
    const { onRequest } = this.#filters;
    while (this.#place < onRequest.length) {
      const said = onRequest[this.#place++]?.onRequest(this.#exchange, this);
      if (said !== undefined) return said;
    }
    return undefined;
  }

  /**
   * Lets the exchange wait for the filter that calls this, because it has to find something out first. It may tell what it has
   * found in this very turn.
   */
  wait(limit: WaitLimit): FilterWait {
    const { sweep, events } = this.#context;
    this.#wait = new FilterWait(this.#exchange, limit, sweep, events);
    return this.#wait;
  }

  /** Lets the filters drop lines of a backend's response, and returns the header lines to add to it. */
  onResponse(head: ResponseHead): string {
    let added = '';
    for (const filter of this.#filters.onResponse) added = filter.onResponse(this.#exchange, head, added);
    return added;
  }

  /** The header lines to add to an answer of our own. */
  onReply(): string {
    let added = '';
    for (const filter of this.#filters.onResponse) added = filter.onReply(this.#exchange, added);
    return added;
  }

  /** The header lines that we add to a request ourselves, without those that filters replace. */
  unreplaced(own: string): string {
    const { replaced } = this.#filters;
    return replaced === undefined ? own : withoutLines(own, replaced);
  }

  /** The exchange is over. */
  giveUp(): void {
    this.#wait?.giveUp();
  }
}
