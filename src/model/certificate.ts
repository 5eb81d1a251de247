import type { KeySource } from './keyring.ts';

/** What people may know of a certificate, or of why there is none. There is no key in it. */
export interface CertificateInfo {
  /** What it is good for; of a host without one that host. */
  readonly names: readonly string[];
  /** `none` where there is no certificate. */
  readonly source: KeySource | 'none';
  /** The file that it is from. */
  readonly file?: string;
  readonly issuer?: string;
  /** In milliseconds since the epoch. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Browsers trust it, as far as one can tell. */
  readonly isPublic?: boolean;
  /** When it is renewed, in milliseconds since the epoch; absent where somebody else does that. */
  readonly renewalAt?: number;
  /** Why it is renewed then, or who does; without a certificate why there is none. */
  readonly why: string;
  /** What went wrong last. */
  readonly error?: string;
}
