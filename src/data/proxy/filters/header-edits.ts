import type { HeaderEdit, Placeholder } from '../../../model/filter.ts';
import { piecesOf } from '../../../model/filter.ts';
import { headerNames, withoutLines } from '../../message/field.ts';
import type { Head } from '../../message/head.ts';
import type { Exchange } from '../exchange.ts';

/** The values of placeholders. None of them can contain a line end: each was judged before. */
const VALUES: Readonly<Record<Placeholder, (exchange: Exchange) => string>> = {
  client: (exchange) => exchange.client,
  host: (exchange) => exchange.head.host,
  id: (exchange) => exchange.id,
};

/**
 * Changes of header lines, made ready when the table is built: an expression that finds the lines to drop, and the text of the
 * lines to add.
 */
export class HeaderEdits {
  /** Finds the lines to drop; undefined when there are none. */
  readonly #names: RegExp | undefined;
  /** The lines to add, each with its CRLF: pieces of text, with placeholders between them. */
  readonly #pieces: readonly string[];

  constructor(edits: readonly HeaderEdit[]) {
    const out = edits.filter(({ how }) => how !== 'add').map(({ name }) => name);
    this.#names = out.length === 0 ? undefined : headerNames(out);
    const lines = edits.filter(({ how }) => how !== 'remove');
    this.#pieces = piecesOf(lines.map(({ name, value }) => `${name}: ${value}\r\n`).join(''));
  }

  /** Drops the lines of a head that are replaced or removed. */
  drop(head: Head): void {
    if (this.#names !== undefined) head.dropFound(this.#names);
  }

  /** Lines that others have added, without those that are replaced or removed here, and with those that are added here. */
  over(added: string, exchange: Exchange): string {
    const kept = added === '' || this.#names === undefined ? added : withoutLines(added, this.#names);
    return kept + this.#lines(exchange);
  }

  #lines(exchange: Exchange): string {
    const pieces = this.#pieces;
    let text = pieces[0] as string;
    for (let i = 1; i < pieces.length; i += 2)
      text += VALUES[pieces[i] as Placeholder](exchange) + (pieces[i + 1] as string);
    return text;
  }
}
