import { hkdfSync, randomBytes } from 'node:crypto';
import type { DataFolder } from './folder.ts';

/** A change costs each client that comes back one full handshake. */
const PERIOD_MS = 12 * 3_600_000;
const BYTES = 32;
const FILE = 'tickets.key';

/** What the keys of session tickets are derived from, the same for all that share a folder. */
export class TicketSecret {
  readonly #folder: DataFolder | undefined;
  /** In hex. Of a folder that cannot be used its own, which nobody else has. */
  #seed = randomBytes(BYTES).toString('hex');

  constructor(folder: DataFolder | undefined) {
    this.#folder = folder;
  }

  /** Reads the seed, and makes it where there is none. Rejects with a `FolderError`, and the secret is this process's own then. */
  async prepare(): Promise<void> {
    if (this.#folder === undefined) return;
    const made = `${this.#seed}\n`;
    let text = (await this.#folder.read(FILE)) ?? (await this.#folder.createOnce(FILE, made));
    // What is no seed protects nothing: whoever else shares it reads the new one at its next look.
    if (!isSeed(text)) await this.#folder.replace(FILE, made);
    if (!isSeed(text)) text = made;
    this.#seed = text.trim();
  }

  /** In hex. @param now in milliseconds since the epoch */
  at(now: number): string {
    const period = `fairlead tickets ${Math.floor(now / PERIOD_MS)}`;
    return Buffer.from(hkdfSync('sha256', Buffer.from(this.#seed, 'hex'), '', period, BYTES)).toString('hex');
  }
}

function isSeed(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${BYTES * 2}}\\s*$`).test(text);
}
