import type { Border } from '../model/border.ts';
import { Sites } from './connect/sites.ts';
import { UpgradeUpstream } from './connect/upgrade.ts';
import { UrlUpstream } from './connect/url-upstream.ts';
import { Http1Connector } from './http1/connector.ts';
import type { Attempt, Connector, Target, Upstream } from './proxy/attempt.ts';
import type { Runtime } from './runtime.ts';
import type { DataOptions } from './settings.ts';
import type { Listening } from './socket/listen.ts';
import { BackendState } from './upstream/backend-state.ts';

type SiteOptions = Pick<DataOptions, 'border' | 'maxHeaderSize'>;

/** Chooses how each attempt is sent: by HTTP/1.1, by an upgrade, or to the URL of a fallback. */
export class Connectors implements Connector {
  #sites: Sites;
  readonly #runtime: Runtime;
  readonly #http1: Http1Connector;
  readonly #listening: readonly Listening[];

  /** @param listening where this plane listens, now and later: no fallback may lead there */
  constructor(runtime: Runtime, options: SiteOptions, listening: readonly Listening[]) {
    this.#listening = listening;
    this.#sites = this.#makeSites(options);
    this.#runtime = runtime;
    this.#http1 = new Http1Connector(runtime);
  }

  /** Changes the options; requests that run on the connections of the former ones finish. */
  adopt(options: SiteOptions): void {
    this.#sites.close();
    this.#sites = this.#makeSites(options);
  }

  start(attempt: Attempt, target: Target, isFresh: boolean): Upstream {
    const { exchange } = attempt;
    if (!(target instanceof BackendState))
      return new UrlUpstream(attempt, target.url, this.#sites.agent(target));
    if (exchange.head.upgrade === '') return this.#http1.start(attempt, target, isFresh);
    return new UpgradeUpstream(attempt, target, this.#runtime);
  }

  #makeSites({ border: { listeners, allowed, local }, maxHeaderSize }: SiteOptions): Sites {
    const listening = this.#listening;
    const border: Border = {
      allowed,
      local,
      get listeners() {
        return [...listeners, ...listening.map(({ address }) => address)];
      },
    };
    return new Sites(border, maxHeaderSize);
  }
}
