import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Border } from '../../model/border.ts';
import type { Fallback, UrlFallback } from '../../model/service.ts';
import { Sites } from '../connect/sites.ts';
import { UrlUpstream } from '../connect/url-upstream.ts';
import type { ProxyError } from '../errors.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange, GuardedEvents } from './exchange.ts';
import { pageReply, type Reply, statusReply } from './reply.ts';

/** Whether something else may answer in place of the backends: none is there, or what was to answer did not. */
export function mayFallBack(exchange: Exchange, error: ProxyError): boolean {
  const isDown = error.code === 'unavailable' || error.retry === 'always';
  return isDown || (exchange.fallbacks !== undefined && exchange.backend === undefined);
}

/**
 * What is asked next: what the service that has failed says, and then the rest of what those say for which it stood
 * in. A service is asked once, so that a circle ends; and without the whole request only a page or status answers.
 */
export function nextFallback(
  exchange: Exchange,
  service: ServiceState,
  serviceNamed: (name: string) => ServiceState | undefined,
): Fallback | undefined {
  if (!exchange.failed.includes(service)) {
    exchange.failed = [...exchange.failed, service];
    exchange.fallbacks = [...(service.service.fallback ?? []), ...(exchange.fallbacks ?? [])];
  }
  for (;;) {
    const next = exchange.fallbacks?.shift();
    if (next === undefined || next.kind === 'page' || next.kind === 'status') return next;
    if (!exchange.body.canReplay) continue;
    if (next.kind === 'url') return next;
    const other = serviceNamed(next.service);
    if (other !== undefined && !exchange.failed.includes(other)) return next;
  }
}

/** What answers when no backend does. */
export class Fallbacks {
  readonly #pagesDir: string;
  readonly #sites: Sites;
  readonly #pages = new Map<string, Buffer | undefined>();

  /**
   * @param pagesDir the only folder that pages are read from
   * @param border where other sites must not be
   * @param maxHeaderSize of a response of theirs
   */
  constructor(pagesDir: string, border: Border, maxHeaderSize: number) {
    this.#pagesDir = pagesDir;
    this.#sites = new Sites(border, maxHeaderSize);
  }

  /** The pages may have changed: they are read anew. */
  forgetPages(): void {
    this.#pages.clear();
  }

  /** Others take its place; what it forwards it still does. */
  close(): void {
    this.#sites.close();
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

  /** The page that the site shows in place of a response with that status, if there is one. */
  errorPage(exchange: Exchange, status: number): Reply | undefined {
    const pages = exchange.entry?.service.service.errorPages;
    const found = pages?.find((page) => status >= page.status[0] && status <= page.status[1]);
    if (found === undefined) return undefined;
    const page = this.#page(found.file.replaceAll('{status}', String(status)));
    return page && pageReply(status, page, exchange.id);
  }

  /** Lets another address answer. */
  forward(exchange: Exchange, fallback: UrlFallback, events: GuardedEvents): void {
    exchange.backend = undefined;
    exchange.upstream = new UrlUpstream(exchange, fallback.url, this.#sites.agent(fallback), events);
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
