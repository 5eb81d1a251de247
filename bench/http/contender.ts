import type { ChildProcess } from 'node:child_process';
import { CASES } from './cases.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** One with both. */
  readonly both: string;
}

/** Cases of those that speak no TLS. */
export const TLS_CASES = CASES.filter(({ isTls }) => isTls === true).map(({ name }) => name);

/** What a contender is to be this time. */
export interface Setup {
  /** An empty folder for its files. */
  readonly folder: string;
  /** Writes an access log, of about what the combined format holds, to a file. */
  readonly isLogged: boolean;
  /** Clients connect with TLS, and are shown this. */
  readonly tls?: TlsFiles | undefined;
  /** Arguments of Node.js itself, for a process that is looked into. */
  readonly nodeArgs?: readonly string[];
}

/** Something that forwards from `PROXY_PORT` to the backends, and `/ws` to the echo. */
export interface Contender {
  readonly name: string;
  /** Its version, if it is installed. */
  version(): string | undefined;
  /** Cases that it has no way to serve. */
  readonly cannot?: readonly string[];
  start(setup: Setup): ChildProcess;
}
