import { customerAt, isLoopback, parseIp } from '../model/ip.ts';

/** The most wrong tokens that an address may send at once. */
const MOST = 10;
/** After each such time an address may send another wrong token, in milliseconds. */
const REFILL_MS = 6_000;
/** The most addresses that are remembered. Beyond it those are forgotten whose last wrong token is the oldest. */
const MAX_ADDRESSES = 1_024;

/**
 * Counts wrong tokens by address (IPv6 by /64). An address without a try left is refused for some seconds, whether or not its
 * next token is right, so that tokens cannot be guessed at full speed. This machine is never refused, so that nobody can
 * lock it out.
 */
export class Tries {
  readonly #now: () => number;
  /** When each address has all its tries again; addresses are in the order of their last wrong token. */
  readonly #restored = new Map<string, number>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The milliseconds until an address may try a token; 0 if it may now. */
  waitMs(address: string): number {
    const restored = this.#restored.get(keyOf(address)) ?? 0;
    return Math.max(0, restored - this.#now() - (MOST - 1) * REFILL_MS);
  }

  /** An address has sent a wrong token. */
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

/** The key that an address is counted by; empty for this machine. */
function keyOf(address: string): string {
  const ip = parseIp(address);
  return ip === undefined || isLoopback(ip) ? '' : customerAt(ip);
}
