import { withoutLines } from '../../message/field.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { Sweep } from '../../sweep.ts';
import type { ServiceState } from '../../upstream/service-state.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import type { RouteFilters } from './filter.ts';
import { type FilterEvents, FilterWait, type WaitLimit } from './wait.ts';

/** What waits need. */
export interface FilterContext {
  readonly sweep: Sweep;
  readonly events: FilterEvents;
}

/** One exchange on its way through the filters of its route. Those without filters have none. */
export class Filtering {
  /** The header lines that filters add to the request, each with its CRLF. */
  fields = '';
  /** Of the route. */
  readonly service: ServiceState;
  readonly #exchange: Exchange;
  readonly #filters: RouteFilters;
  readonly #context: FilterContext;
  /** Of the request filter that is next. */
  #place = 0;
  #wait: FilterWait | undefined = undefined;

  constructor(exchange: Exchange, service: ServiceState, filters: RouteFilters, context: FilterContext) {
    this.service = service;
    this.#exchange = exchange;
    this.#filters = filters;
    this.#context = context;
  }

  /** Goes from filter to filter; undefined when all are through with the request, which goes on. */
  next(): Reply | FilterWait | undefined {
    const { onRequest } = this.#filters;
    while (this.#place < onRequest.length) {
      const said = onRequest[this.#place++]?.onRequest(this.#exchange, this);
      if (said !== undefined) return said;
    }
    return undefined;
  }

  /** The filter that asks for it has to find something out first. It may say in this very turn what it has found. */
  wait(limit: WaitLimit): FilterWait {
    const { sweep, events } = this.#context;
    this.#wait = new FilterWait(this.#exchange, limit, sweep, events);
    return this.#wait;
  }

  /** The header lines to add to a backend's response, of which what must not go on is cut. */
  onResponse(head: ResponseHead): string {
    let added = '';
    for (const filter of this.#filters.onResponse) added = filter.onResponse(this.#exchange, head, added);
    return added;
  }

  /** Those to add to an answer of our own. */
  onReply(): string {
    let added = '';
    for (const filter of this.#filters.onResponse) added = filter.onReply(this.#exchange, added);
    return added;
  }

  /** Of the header lines that we add to a request ourselves those in whose place filters put no others. */
  unreplaced(own: string): string {
    const { replaced } = this.#filters;
    return replaced === undefined ? own : withoutLines(own, replaced);
  }

  /** The exchange is over. */
  giveUp(): void {
    this.#wait?.giveUp();
  }
}
