import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { KeyPair } from '../../model/keyring.ts';
import { makePair, PairError, readPem } from './pair.ts';

/** How files are read. */
export interface FileAccess {
  /** The text of a file, or why there is none of it; undefined without the file. */
  readText(path: string): string | { readonly why: string } | undefined;
  /** Whether all users of the machine may read a file. */
  isForAll(path: string): boolean;
}

/** Undefined for what is there for other reasons, such as the certificate of an authority. Throws a `PairError`. */
export function pairIn(path: string, files: FileAccess): KeyPair | undefined {
  const { certificates, key } = readPem(textOf(path, files));
  if (certificates.length === 0) return undefined;
  if (key !== undefined) {
    refuseOpen(path, files);
    return makePair(certificates, key);
  }
  const beside = keyPath(path);
  if (statSync(beside, { throwIfNoEntry: false }) === undefined) {
    if (certificates.every(({ ca }) => ca)) return undefined;
    throw new PairError(
      'has no key: there is none in it, and no file beside it',
      `its key would be ${beside}`,
    );
  }
  refuseOpen(beside, files);
  const found = readPem(textOf(beside, files));
  if (found.key === undefined) throw new PairError(`has no key: there is none in ${beside}`);
  return makePair(certificates, found.key);
}

function textOf(path: string, files: FileAccess): string {
  // A pipe would hold us up.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new PairError('is no file');
  const text = files.readText(path);
  if (typeof text === 'string') return text;
  throw new PairError(`cannot be read: ${text === undefined ? 'no such file' : `${path}: ${text.why}`}`);
}

function refuseOpen(path: string, files: FileAccess): void {
  if (!files.isForAll(path)) return;
  throw new PairError('has a key that every user of this machine can read', `chmod 640 ${path}`);
}

/** Where the key of a certificate file is that has none in it. */
function keyPath(path: string): string {
  const { dir, name } = parse(path);
  return join(dir, `${name}.key`);
}

/** Differs whenever the file or that of its key does. */
export async function stampOf(path: string): Promise<string> {
  return `${await stampOfOne(path)} ${await stampOfOne(keyPath(path))}`;
}

async function stampOfOne(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() !== true) return '';
  return `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}
