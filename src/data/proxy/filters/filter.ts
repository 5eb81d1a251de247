import type { ResponseHead } from '../../message/response-head.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import type { Filtering } from './filtering.ts';
import type { FilterWait } from './wait.ts';

/** What a filter does with a request: once for each exchange, before a backend is chosen. */
export interface RequestFilter {
  /** Undefined lets the request go on, and a reply answers it; `filtering.wait` says later which of both. */
  onRequest(exchange: Exchange, filtering: Filtering): Reply | FilterWait | undefined;
}

/** What a filter does with the answer that the client gets: once for each exchange, whoever answers. */
export interface ResponseFilter {
  /**
   * The head of a backend's response is about to go to the client. What must not go on is cut from it; a filter that
   * transforms the body puts itself in the place of `exchange.sink`.
   * @param added the header lines that the filters before it add, each with its CRLF
   * @returns those that are added now
   */
  onResponse(exchange: Exchange, head: ResponseHead, added: string): string;
  /** Fairlead itself answers: which lines are added to those that the answer has. As `onResponse`. */
  onReply(exchange: Exchange, added: string): string;
}

/** The filters of a route, as the table has them. One of them may be on both sides. */
export interface RouteFilters {
  readonly onRequest: readonly RequestFilter[];
  readonly onResponse: readonly ResponseFilter[];
  /** Finds, of the lines that Fairlead itself adds to requests, those in whose place filters put others. */
  readonly replaced: RegExp | undefined;
}
