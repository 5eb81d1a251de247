import type { HeaderEdit } from '../../../model/filter.ts';
import type { ResponseHead } from '../../message/response-head.ts';
import type { Exchange } from '../exchange.ts';
import type { ResponseFilter } from './filter.ts';
import { HeaderEdits } from './header-edits.ts';

/**
 * Headers that describe one answer: its body, how long it is valid, where else to ask, and when. Only Fairlead can say that of
 * its own answers.
 */
const OF_ANSWER =
  /^(?:content-(?!security-policy).*|cache-control|expires|age|pragma|etag|last-modified|accept-ranges|vary|location|retry-after|www-authenticate|x-request-id)$/i;

/**
 * Sets, adds and removes headers of responses, also of those that Fairlead itself makes: error pages need the protection of a
 * header as others do. Headers that describe one answer are left out of these.
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
