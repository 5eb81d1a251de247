import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import type { KeyPair } from '../../model/keyring.ts';
import { type Life, renewalAt } from './due.ts';
import { type DataFolder, FolderError } from './folder.ts';
import { INTERNAL } from './names.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long certificates are good. */
const ROOT_MS = 3_653 * DAY_MS;
const INTERMEDIATE_MS = 365 * DAY_MS;
const LEAF_MS = 7 * DAY_MS;
/** Clients whose clocks are slow believe a new one, too. */
const BEFORE_MS = HOUR_MS;

/** The key of the root and its certificate: whoever has this file can sign. */
const ROOT_KEY = 'internal/root.key';
/** The certificate alone, for people to copy. */
const ROOT = 'internal/root.pem';
/** Certificate and key in one file, so that they change together. */
const INTERMEDIATE = 'internal/intermediate.pem';

interface Issuer extends Life {
  readonly name: string;
  readonly certificate: X509Certificate;
  /** Absent where somebody took it away. */
  readonly key: KeyObject | undefined;
}

/**
 * The internal authority: a root that people may trust, and an intermediate below it that signs for 7 days at a time. The root
 * can certify internal names alone (critical name constraints, RFC 5280, section 4.2.1.10), so that whoever steals it can be no
 * bank. Several processes that share the folder share the authority.
 */
export class Authority {
  readonly #folder: DataFolder;
  #root: Issuer | undefined;
  #intermediate: Issuer | undefined;

  constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  /** The certificate of the root as PEM; undefined before there is one. */
  get root(): string | undefined {
    return this.#root && pemOf(this.#root.certificate);
  }

  /** Which root it is: certificates of another one are of no use to those who trust this one. */
  get rootId(): string | undefined {
    return this.#root?.certificate.fingerprint256;
  }

  /** Whether it can sign. */
  get isReady(): boolean {
    return this.#intermediate?.key !== undefined;
  }

  /**
   * Reads root and intermediate, makes those that are missing, and renews those that are due. Rejects with a `FolderError`; what was
   * there before is good as long as it lives.
   * @param now in milliseconds since the epoch
   */
  async prepare(now: number): Promise<void> {
    await this.#folder.open();
    const { makeKey, signCertificate } = await import('./x509.ts');
    const makeRoot = () => {
      const { publicKey, privateKey: key } = makeKey();
      const name = `Fairlead internal authority ${randomBytes(3).toString('hex')}`;
      const life = { notBefore: now - BEFORE_MS, notAfter: now + ROOT_MS };
      const request = {
        kind: 'authority',
        name,
        publicKey,
        pathLength: 1,
        constraints: INTERNAL,
        ...life,
      } as const;
      return signCertificate(request, { name, key }) + pemOfKey(key);
    };
    this.#root = await this.#readRoot(now, makeRoot);
    const { name, key, certificate } = this.#root;
    const kept = await this.#readIntermediate(certificate);
    if (kept !== undefined && now < renewalAt(kept)) {
      this.#intermediate = kept;
      return;
    }
    if (key === undefined) {
      this.#intermediate = kept !== undefined && now < kept.notAfter ? kept : undefined;
      const until = kept === undefined ? '' : `, which ends ${new Date(kept.notAfter).toISOString()}`;
      throw this.#error(ROOT_KEY, `is missing, and the intermediate${until} is to be renewed`, 'put it back');
    }
    const made = makeKey();
    const life = { notBefore: now - BEFORE_MS, notAfter: now + INTERMEDIATE_MS };
    const request = {
      kind: 'authority',
      name: `${name} intermediate`,
      publicKey: made.publicKey,
      pathLength: 0,
      ...life,
    } as const;
    const text = signCertificate(request, { name, key }) + pemOfKey(made.privateKey);
    await this.#folder.replace(INTERMEDIATE, text);
    this.#intermediate = issuerIn(text);
  }

  /**
   * A pair for names, good for 7 days. `prepare` must have resolved before.
   * @param now in milliseconds since the epoch
   */
  async issue(names: readonly string[], now: number): Promise<KeyPair> {
    const { makeKey, signCertificate } = await import('./x509.ts');
    const signer = this.#intermediate;
    if (signer?.key === undefined) throw new Error('the internal authority is not ready');
    const { publicKey, privateKey } = makeKey();
    const life = { notBefore: now - BEFORE_MS, notAfter: Math.min(now + LEAF_MS, signer.notAfter) };
    const leaf = signCertificate(
      { kind: 'server', names, publicKey, ...life },
      { name: signer.name, key: signer.key },
    );
    return Object.freeze({
      names: Object.freeze([...names]),
      certificate: leaf + pemOf(signer.certificate),
      key: pemOfKey(privateKey),
      source: 'internal',
      issuer: signer.name,
      ...lifeOf(new X509Certificate(leaf)),
      isPublic: false,
    });
  }

  /** The root that is there, or one that is made now, which may be that of another process. */
  async #readRoot(now: number, make: () => string): Promise<Issuer> {
    const shown = await this.#folder.read(ROOT);
    let whole = await this.#folder.read(ROOT_KEY);
    // Somebody took the key away, to where nobody can steal it. While the intermediate lives it is not needed.
    if (whole === undefined && shown !== undefined) return this.#issuer(ROOT, shown);
    whole ??= await this.#folder.createOnce(ROOT_KEY, make());
    let root = this.#issuer(ROOT_KEY, whole);
    // An intermediate must not outlive it.
    if (root.notAfter - now < INTERMEDIATE_MS) {
      whole = make();
      await this.#folder.replace(ROOT_KEY, whole);
      root = this.#issuer(ROOT_KEY, whole);
    }
    const certificate = pemOf(root.certificate);
    if (certificate !== shown) await this.#folder.replace(ROOT, certificate);
    return root;
  }

  /** The intermediate that is there; undefined where there is none that the root vouches for. It is made anew then. */
  async #readIntermediate(root: X509Certificate): Promise<Issuer | undefined> {
    const text = await this.#folder.read(INTERMEDIATE);
    try {
      const found = text === undefined ? undefined : issuerIn(text);
      return found?.key !== undefined && found.certificate.verify(root.publicKey) ? found : undefined;
    } catch {
      return undefined;
    }
  }

  #issuer(name: string, text: string): Issuer {
    try {
      return issuerIn(text);
    } catch {
      // Never the reason of the library, which may quote what it read.
      throw this.#error(name, 'is no root of ours', 'restore it, or move it away: a new root is made then');
    }
  }

  #error(name: string, message: string, hint: string): FolderError {
    return new FolderError(`${this.#folder.path}/${name}`, message, hint);
  }
}

/** Certificate and key of a text. Throws when they do not fit. */
function issuerIn(text: string): Issuer {
  const certificate = new X509Certificate(text);
  const key = text.includes('PRIVATE KEY')
    ? createPrivateKey(text.slice(text.indexOf('-----BEGIN PRIVATE')))
    : undefined;
  if (!certificate.ca || (key !== undefined && !certificate.checkPrivateKey(key))) throw new Error('no pair');
  const name = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  if (name === undefined) throw new Error('no name');
  return { name, certificate, key, ...lifeOf(certificate) };
}

/** When a certificate is good. */
export function lifeOf({ validFromDate, validToDate }: X509Certificate): Life {
  return { notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() };
}

function pemOf(certificate: X509Certificate): string {
  return certificate.toString();
}

function pemOfKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
