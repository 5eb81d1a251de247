import type { CertificateInfo } from '../../model/certificate.ts';
import type { Clock } from '../../model/clock.ts';
import { EMPTY_KEYRING, type KeyPair, type Keyring, pairFor } from '../../model/keyring.ts';
import type { Problem } from '../../model/problem.ts';
import type { Route } from '../../model/route.ts';
import { guarded, internalErrors } from '../../telemetry/internal-errors.ts';
import { InternalPairs } from './internal-pairs.ts';
import type { FileAccess } from './own-file.ts';
import { OwnFiles } from './own-files.ts';
import { describeFor, reportOf } from './report.ts';
import { type Wanted, wantedOf } from './wanted.ts';

/** How often what is due by time is looked for, and what others put into the folder for data, in milliseconds. */
const LOOK_MS = 60_000;

export interface CertificateOptions {
  /** The folder for data; undefined where nobody says one. */
  readonly data: string | undefined;
  /** The folder of own certificates. */
  readonly certificates: string | undefined;
  /** What clients get that name nobody, or somebody without a certificate. */
  readonly defaultCertificate: 'internal' | 'none' | { readonly file: string };
  readonly files: FileAccess;
}

export type KeyringSubscriber = (keyring: Keyring) => void;

/**
 * One loop over what certificates are wanted, what there are, and what is due; its outcome is a keyring. Nothing here says a key to
 * anybody else.
 */
export class Certificates {
  readonly #options: CertificateOptions;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #own: OwnFiles;
  readonly #internal: InternalPairs;
  readonly #subscribers: KeyringSubscriber[] = [];
  #routes: readonly Route[] = [];
  #wanted: Wanted = { internal: [], missing: [] };
  #keyring: Keyring = EMPTY_KEYRING;
  #isDue = false;
  /** The folder for data is to be looked at: not for each route that comes or goes. */
  #isLookDue = false;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #cancel = () => {};

  /** @param onChange called when there may be something else to tell than before, such as a problem */
  constructor(options: CertificateOptions, clock: Clock, onChange: () => void) {
    const { data, certificates: folder, defaultCertificate, files } = options;
    this.#options = options;
    this.#clock = clock;
    this.#onChange = onChange;
    const file = typeof defaultCertificate === 'string' ? undefined : defaultCertificate.file;
    this.#own = new OwnFiles({ folder, file }, clock, files, () => this.#update());
    this.#internal = new InternalPairs(data, clock);
  }

  get keyring(): Keyring {
    return this.#keyring;
  }

  /** Calls back for every keyring from now on. */
  subscribe(onKeyring: KeyringSubscriber): void {
    this.#subscribers.push(guarded('snapshot', onKeyring));
  }

  /** Reads what there is, and goes on as files, routes and time change. */
  start(): void {
    this.#running = this.#own.start().finally(() => {
      this.#running = undefined;
      this.#tick();
    });
  }

  /** Resolves when nothing is written any more. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#own.stop();
    this.#cancel();
    return this.#idle();
  }

  /** These are the routes now. */
  want(routes: readonly Route[]): void {
    if (routes === this.#routes) return;
    this.#routes = routes;
    this.#update();
  }

  /** Resolves when the keyring has what the routes want, or after `limitMs`: a folder that hangs keeps nobody from http. */
  async settle(routes: readonly Route[], limitMs: number): Promise<void> {
    this.want(routes);
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(limitMs, resolve);
    });
    await Promise.race([late, this.#idle()]);
    cancel();
  }

  get problems(): Problem[] {
    const mistakes = this.#wanted.missing.filter(({ isMistake }) => isMistake);
    return [
      ...this.#own.problems(this.#clock.now()),
      ...this.#internal.problems,
      ...mistakes.map(
        ({ host, why }): Problem => ({
          severity: 'error',
          source: 'certificates',
          subject: host,
          where: 'tls',
          message: `the internal authority does not sign for it: ${why}`,
        }),
      ),
    ];
  }

  /** What there is and what is missing, for people. */
  get report(): CertificateInfo[] {
    const { pairs } = this.#own;
    return reportOf(pairs, this.#internal.pairs, this.#wanted.missing, this.#internal.error);
  }

  /** The certificate of the internal root, as PEM; undefined before there is one. */
  get root(): string | undefined {
    return this.#internal.root;
  }

  /**
   * A line for people: what somebody is shown who asks for a host by https.
   * @param routedBy the host of its route, such as a wildcard
   */
  describe(host: string, routedBy: string | undefined): string {
    return describeFor(host, routedBy, this.#keyring, this.report);
  }

  async #idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #tick(): void {
    if (this.#isStopped) return;
    this.#isLookDue = true;
    this.#update();
    this.#cancel = this.#clock.after(LOOK_MS, () => this.#tick());
  }

  /** Something may be due: one round at a time, and one more where something changed meanwhile. */
  #update(): void {
    this.#isDue = true;
    if (this.#running !== undefined || this.#isStopped) return;
    this.#running = this.#rounds().finally(() => {
      this.#running = undefined;
      // It became due while the last round ended.
      if (this.#isDue && !this.#isStopped) this.#update();
    });
  }

  async #rounds(): Promise<void> {
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false;
      await this.#round().catch((error) => internalErrors.report('timer', error));
    }
  }

  async #round(): Promise<void> {
    const own: Keyring = { ...EMPTY_KEYRING, pairs: this.#own.pairs.map(({ pair }) => pair) };
    const { certificates } = this.#options;
    const place = certificates ?? 'the folder of --certificates';
    const advice = `put a certificate into ${place} (ACME is not built yet)`;
    this.#wanted = wantedOf(this.#routes, (name) => pairFor(own, name), advice);
    const isLook = this.#isLookDue;
    this.#isLookDue = false;
    if (isLook) await this.#internal.look();
    await this.#internal.update(this.#wanted.internal);
    if (this.#isStopped) return;
    this.#publish([...own.pairs, ...this.#internal.pairs]);
    this.#onChange();
  }

  /** The next keyring, if it is another one. */
  #publish(pairs: readonly KeyPair[]): void {
    const { ticketSecret } = this.#internal;
    const fallback = this.#fallback;
    const before = this.#keyring;
    const isSamePairs =
      pairs.length === before.pairs.length && pairs.every((pair, i) => pair === before.pairs[i]);
    if (isSamePairs && fallback === before.fallback && ticketSecret === before.ticketSecret) return;
    const version = before.version + 1;
    this.#keyring = Object.freeze({ version, pairs: Object.freeze([...pairs]), fallback, ticketSecret });
    for (const onKeyring of this.#subscribers) onKeyring(this.#keyring);
  }

  get #fallback(): KeyPair | undefined {
    const { defaultCertificate } = this.#options;
    if (defaultCertificate === 'none') return undefined;
    return defaultCertificate === 'internal' ? this.#internal.local : this.#own.single?.pair;
  }
}
