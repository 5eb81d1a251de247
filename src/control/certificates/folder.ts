import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Why something in the folder for data cannot be read or written: a sentence, and what would mend it. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly path: string;
  readonly hint: string | undefined;

  constructor(path: string, message: string, hint?: string) {
    super(message);
    this.path = path;
    this.hint = hint;
  }
}

/** Rights of anybody but the owner. */
const OTHERS = 0o077;
/** A file of ours is smaller by far. */
const MAX_BYTES = 65_536;
/** What was begun before that, and is not whole yet, was left behind, in milliseconds. */
const LEFT_BEHIND_MS = 3_600_000;

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'it is not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
};

/**
 * The folder for data. Several processes may share it, so a file is there whole or not at all, and what exists once is never
 * made twice. Only its owner can read what is in it; a folder or file that others could read is refused.
 * All methods reject with a `FolderError`.
 */
export class DataFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes it, unless it is there. */
  async open(): Promise<void> {
    await this.#folder(this.path);
  }

  /** The text of a file; undefined without one. */
  async read(name: string): Promise<string | undefined> {
    const path = join(this.path, name);
    return this.#trying(path, 'read', async () => {
      const file = await open(path).catch(ifMissing);
      if (file === undefined) return undefined;
      try {
        const { mode, size } = await file.stat();
        refuseOpen(path, mode, 'chmod 600');
        if (size > MAX_BYTES) throw new FolderError(path, 'is larger than anything that belongs there');
        return await file.readFile('utf8');
      } finally {
        await file.close();
      }
    });
  }

  /** Writes a file unless it is there; resolves with what is in it then, which another process may have written. */
  async createOnce(name: string, text: string): Promise<string> {
    return this.#write(name, text, async (from, path) => {
      try {
        await link(from, path);
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return (await this.read(name)) ?? text;
        // Some file systems have no links.
        await rename(from, path);
      }
      return text;
    });
  }

  /** Writes a file in place of the one that is there. */
  async replace(name: string, text: string): Promise<void> {
    await this.#write(name, text, rename);
  }

  async #write<T>(name: string, text: string, place: (from: string, path: string) => Promise<T>): Promise<T> {
    const path = join(this.path, name);
    await this.#folder(dirname(path));
    const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
    return this.#trying(path, 'written', async () => {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      try {
        return await place(temporary, path);
      } finally {
        await unlink(temporary).catch(() => {});
      }
    });
  }

  async #folder(path: string): Promise<void> {
    await this.#trying(path, 'used', async () => {
      await mkdir(path, { recursive: true, mode: 0o700 });
      refuseOpen(path, (await stat(path)).mode, 'chmod 700');
      await removeLeftBehind(path);
    });
  }

  async #trying<T>(path: string, done: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof FolderError) throw error;
      const cause = CAUSES[codeOf(error)] ?? (error as Error).message;
      const hint = 'name a folder that Fairlead may write to: --data DIR';
      throw new FolderError(path, `cannot be ${done}: ${cause}`, hint);
    }
  }
}

function refuseOpen(path: string, mode: number, command: string): void {
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return;
  const rights = (mode & 0o777).toString(8);
  throw new FolderError(
    path,
    `is not for its owner alone (${rights}), and has private keys in it`,
    `${command} ${path}`,
  );
}

/** A process that died while it wrote leaves its temporary file. */
async function removeLeftBehind(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (!name.endsWith('.new')) continue;
    const { mtimeMs } = await stat(join(path, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    // By the clock of the file system, as everything here that has an age.
    if (Date.now() - mtimeMs > LEFT_BEHIND_MS) await unlink(join(path, name)).catch(() => {});
  }
}

function ifMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
