import type { Sites } from './connect/sites.ts';
import { UpgradeUpstream } from './connect/upgrade.ts';
import { UrlUpstream } from './connect/url-upstream.ts';
import { Http1Connector } from './http1/connector.ts';
import type { Attempt, Connector, Target, Upstream } from './proxy/attempt.ts';
import type { Runtime } from './runtime.ts';
import { BackendState } from './upstream/backend-state.ts';

/** Chooses how each attempt is sent: by HTTP/1.1, by an upgrade, or to the URL of a fallback. */
export class Connectors implements Connector {
  #sites: Sites;
  readonly #runtime: Runtime;
  readonly #http1: Http1Connector;

  constructor(runtime: Runtime, sites: Sites) {
    this.#sites = sites;
    this.#runtime = runtime;
    this.#http1 = new Http1Connector(runtime);
  }

  /** Replaces the sites; requests that run on the former ones finish. */
  adopt(sites: Sites): void {
    this.#sites.close();
    this.#sites = sites;
  }

  start(attempt: Attempt, target: Target, isFresh: boolean): Upstream {
    const { exchange } = attempt;
    if (!(target instanceof BackendState))
      return UrlUpstream.start(attempt, target.url, this.#sites.agent(target));
    if (exchange.head.upgrade === '') return this.#http1.start(attempt, target, isFresh);
    return UpgradeUpstream.start(attempt, target, this.#runtime);
  }
}
