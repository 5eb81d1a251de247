import { customerAt, isLoopback, parseIp } from '../model/ip.ts';

/** Wrong tokens that an address may send at once… */
const MOST = 10;
/** …and how long it takes until it may send another. */
const REFILL_MS = 6_000;
/** Addresses that are remembered; of more, those that sent one longest ago have all their tries again. */
const MAX_ADDRESSES = 1_024;

/**
 * Counts wrong tokens by address (IPv6 by /64). Who has none left is not listened to for some seconds, right token or
 * not: else a guess would be found at full speed. This machine itself is never kept waiting, so that nobody can lock it out.
 */
export class Tries {
  readonly #now: () => number;
  /** When an address has all its tries again; the one that sent a wrong token last comes last. */
  readonly #restored = new Map<string, number>();

  /** @param now in milliseconds, of a clock that nobody sets */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds until an address may try a token; 0 when it may. */
  waitMs(address: string): number {
    const restored = this.#restored.get(keyOf(address)) ?? 0;
    return Math.max(0, restored - this.#now() - (MOST - 1) * REFILL_MS);
  }

  /** An address has sent a wrong one. */
  failed(address: string): void {
    const key = keyOf(address);
    if (key === '') return;
    const now = this.#now();
    const restored = Math.min(
      now + MOST * REFILL_MS,
      Math.max(now, this.#restored.get(key) ?? 0) + REFILL_MS,
    );
    this.#restored.delete(key);
    this.#restored.set(key, restored);
    if (this.#restored.size <= MAX_ADDRESSES) return;
    const [longest] = this.#restored.keys();
    this.#restored.delete(longest as string);
  }
}

/** Empty for this machine itself. */
function keyOf(address: string): string {
  const ip = parseIp(address);
  return ip === undefined || isLoopback(ip) ? '' : customerAt(ip);
}
