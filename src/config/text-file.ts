import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Unreadable } from './setting.ts';

/** The largest file that is read, in bytes, so that no file fills the memory. A configuration of thousands of services is smaller. */
const MAX_BYTES = 4 * 1_048_576;

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
};

/**
 * Reads the text of a file, or says why it cannot be read; undefined if there is no file. A folder or a binary file must not
 * be taken for an empty configuration.
 */
export function readText(path: string): string | Unreadable | undefined {
  try {
    const bytes = readBytes(path);
    return bytes === undefined ? { why: `it is larger than ${MAX_BYTES / 1_048_576} MB` } : textOf(bytes);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { why: CAUSES[code] ?? message };
  }
}

/** The bytes of a file; undefined if there are more than `MAX_BYTES`. Pipes and the like are read to their end. */
function readBytes(path: string): Buffer | undefined {
  const fd = openSync(path, 'r');
  try {
    if (fstatSync(fd).size > MAX_BYTES) return undefined;
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count)
      count = readSync(fd, bytes, length, bytes.length - length, null);
    return length > MAX_BYTES ? undefined : bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function textOf(bytes: Buffer): string | Unreadable {
  if (bytes[0] === 0xff || bytes[0] === 0xfe) return { why: 'it is not UTF-8 but, it seems, UTF-16' };
  if (bytes.includes(0)) return { why: 'it is no text' };
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { why: 'it is no text in UTF-8' };
  }
}

/** Whether all users of this machine may read a file. Always false within a container, which has no other users. */
export function isForAll(path: string): boolean {
  if (isInContainer() || path.startsWith('/run/secrets/')) return false;
  try {
    return process.platform !== 'win32' && (statSync(path).mode & 0o004) !== 0;
  } catch {
    return false;
  }
}

/** Whether this process runs in a container, by the signs that Docker, Podman and Kubernetes leave. */
export function isInContainer(): boolean {
  const isKubernetes = process.env['KUBERNETES_SERVICE_HOST'] !== undefined;
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv') || isKubernetes;
}
