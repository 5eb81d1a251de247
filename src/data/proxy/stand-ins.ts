import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fallback } from '../../model/service.ts';
import type { Exchange } from './exchange.ts';
import { pageReply, type Reply, statusReply } from './reply.ts';

/** The pages and statuses that answer when no backend does, or in place of an error. */
export class StandIns {
  #pagesDir: string;
  readonly #pages = new Map<string, Buffer | undefined>();

  /** @param pagesDir the only folder that pages are read from */
  constructor(pagesDir: string) {
    this.#pagesDir = pagesDir;
  }

  /** Pages are read from another folder from now on. */
  adopt(pagesDir: string): void {
    this.#pagesDir = pagesDir;
    this.forget();
  }

  /** Forgets the pages, which may have changed: they are read again when needed. */
  forget(): void {
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

  /** The operator's page for a status, if there is one. */
  errorPage(exchange: Exchange, status: number): Reply | undefined {
    const pages = exchange.entry?.service.service.errorPages;
    const found = pages?.find((page) => status >= page.status[0] && status <= page.status[1]);
    if (found === undefined) return undefined;
    const page = this.#page(found.file.replaceAll('{status}', String(status)));
    return page && pageReply(status, page, exchange.id);
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
