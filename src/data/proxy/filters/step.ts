import type { ServiceState } from '../../upstream/service-state.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import type { RouteFilters } from './filter.ts';
import { type FilterContext, Filtering } from './filtering.ts';
import { FilterWait } from './wait.ts';

/** Where a request goes from its filters. */
interface Line {
  readonly ending: { send(exchange: Exchange, reply: Reply): void };
  /** The request goes on to a backend. */
  enter(exchange: Exchange, service: ServiceState): void;
}

/** The step of a request between its route and the choice of a backend. */
export class FilterStep {
  readonly #context: FilterContext;
  readonly #line: Line;

  constructor(context: FilterContext, line: Line) {
    this.#context = context;
    this.#line = line;
  }

  begin(exchange: Exchange, service: ServiceState, filters: RouteFilters): void {
    const filtering = new Filtering(exchange, service, filters, this.#context);
    exchange.filtering = filtering;
    this.#next(exchange, filtering);
  }

  /** The filter that the request waited for is through with it; without a reply it goes on. */
  filtered(exchange: Exchange, reply: Reply | undefined): void {
    if (reply !== undefined) this.#line.ending.send(exchange, reply);
    else if (exchange.filtering !== undefined) this.#next(exchange, exchange.filtering);
  }

  #next(exchange: Exchange, filtering: Filtering): void {
    const said = filtering.next();
    if (said === undefined) this.#line.enter(exchange, filtering.service);
    else if (!(said instanceof FilterWait)) this.#line.ending.send(exchange, said);
  }
}
