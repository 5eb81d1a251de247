import type { HeaderEdit, Placeholder } from '../../../model/filter.ts';
import { piecesOf } from '../../../model/filter.ts';
import { headerNames, withoutLines } from '../../message/field.ts';
import type { Head } from '../../message/head.ts';
import type { Exchange } from '../exchange.ts';

/** What stands for a placeholder. None of these can be a line of its own: each is judged before. */
const VALUES: Readonly<Record<Placeholder, (exchange: Exchange) => string>> = {
  client: (exchange) => exchange.client,
  host: (exchange) => exchange.head.host,
  id: (exchange) => exchange.id,
};

/** Changes of header lines, made ready when the table is built: an expression that finds lines, and a text of others. */
export class HeaderEdits {
  /** The names whose lines are left out; undefined without any. */
  readonly #names: RegExp | undefined;
  /** The lines to add, each with its CRLF: texts, and between them placeholders. */
  readonly #pieces: readonly string[];

  constructor(edits: readonly HeaderEdit[]) {
    const out = edits.filter(({ how }) => how !== 'add').map(({ name }) => name);
    this.#names = out.length === 0 ? undefined : headerNames(out);
    const lines = edits.filter(({ how }) => how !== 'remove');
    this.#pieces = piecesOf(lines.map(({ name, value }) => `${name}: ${value}\r\n`).join(''));
  }

  /** Leaves the lines out of a head that are replaced or removed. */
  drop(head: Head): void {
    if (this.#names !== undefined) head.dropFound(this.#names);
  }

  /** Lines that others have added, without those that are replaced or removed, and with those that are added here. */
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
