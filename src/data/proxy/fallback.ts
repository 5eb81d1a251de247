import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fallback } from '../../model/service.ts';
import type { Exchange, ExchangeEvents } from './exchange.ts';
import { pageReply, type Reply, statusReply } from './reply.ts';
import { UrlUpstream } from './url-upstream.ts';

/** What answers when no backend does. */
export class Fallbacks {
  readonly #pagesDir: string;
  readonly #pages = new Map<string, Buffer | undefined>();

  /** @param pagesDir the only folder that pages are read from */
  constructor(pagesDir: string) {
    this.#pagesDir = pagesDir;
  }

  /** The pages may have changed: they are read anew. */
  forgetPages(): void {
    this.#pages.clear();
  }

  reply(exchange: Exchange, fallback: Extract<Fallback, { kind: 'status' | 'page' }>): Reply {
    const accept = exchange.head.field('accept') ?? '';
    if (fallback.kind === 'status') {
      return statusReply(fallback.status, 'The service is not available right now.', accept, exchange.id);
    }
    const page = this.#page(fallback.file);
    if (page !== undefined) return pageReply(503, page, exchange.id);
    return statusReply(
      503,
      'The service is not available right now. Please try again soon.',
      accept,
      exchange.id,
    );
  }

  /** Lets another address answer. */
  forward(exchange: Exchange, url: string, events: ExchangeEvents): void {
    exchange.backend = undefined;
    exchange.upstream = new UrlUpstream(exchange, url, events);
    exchange.body.replay(exchange.upstream);
    if (!exchange.body.isComplete) exchange.downstream.resumeBody();
  }

  #page(file: string): Buffer | undefined {
    if (!this.#pages.has(file)) {
      let page: Buffer | undefined;
      try {
        page = readFileSync(join(this.#pagesDir, file));
      } catch {
        // The service answers 503 without its page; `check` names pages that are missing.
      }
      this.#pages.set(file, page);
    }
    return this.#pages.get(file);
  }
}
