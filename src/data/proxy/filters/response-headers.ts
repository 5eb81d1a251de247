import type { HeaderEdit } from '../../../model/filter.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { Exchange } from '../exchange.ts';
import type { ResponseFilter } from './filter.ts';
import { HeaderEdits } from './header-edits.ts';

/**
 * What says something of one answer: its body, how long that is good, where else to ask, and when. In an answer of our own only
 * we can say it.
 */
const OF_ANSWER =
  /^(?:content-(?!security-policy).*|cache-control|expires|age|pragma|etag|last-modified|accept-ranges|vary|location|retry-after|www-authenticate|x-request-id)$/i;

/**
 * Sets, adds and removes headers of responses. What Fairlead itself answers gets them, too, since pages of errors need the
 * protection of a header like others do; but for those that say something of one answer.
 */
export class ResponseHeaders implements ResponseFilter {
  readonly #edits: HeaderEdits;
  readonly #ofReply: HeaderEdits;

  constructor(edits: readonly HeaderEdit[]) {
    this.#edits = new HeaderEdits(edits);
    this.#ofReply = new HeaderEdits(edits.filter(({ name }) => !OF_ANSWER.test(name)));
  }

  onResponse(exchange: Exchange, head: ResponseHead, added: string): string {
    this.#edits.drop(head);
    return this.#edits.over(added, exchange);
  }

  onReply(exchange: Exchange, added: string): string {
    return this.#ofReply.over(added, exchange);
  }
}
