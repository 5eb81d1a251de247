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
   * The head of a backend's response is about to go to the client. The filter drops the lines that must not go on; if it
   * transforms the body, it puts itself in the place of `exchange.sink`.
   * @param added the header lines that the filters before it add, each with its CRLF
   * @returns the header lines that are added now: those, as far as this filter leaves them, and its own
   */
  onResponse(exchange: Exchange, head: ResponseHead, added: string): string;
  /** Fairlead itself answers. Returns the header lines to add to those of the answer, as `onResponse` does. */
  onReply(exchange: Exchange, added: string): string;
}

/** The filters of a route, as the table has them. One of them may be on both sides. */
export interface RouteFilters {
  readonly onRequest: readonly RequestFilter[];
  readonly onResponse: readonly ResponseFilter[];
  /** Finds the lines, among those that Fairlead itself adds to requests, that filters replace. */
  readonly replaced: RegExp | undefined;
}
