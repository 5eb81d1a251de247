import { createHash } from 'node:crypto';
import { lastingId } from '../../model/backend.ts';
import type { Service, StickyPolicy } from '../../model/service.ts';
import { findCookie, type KeySource } from './hash-key.ts';

/** A backend that a cookie may name. */
export interface Stickable {
  readonly backend: { readonly id: string };
}

/**
 * Keeps clients on their backends by a cookie. Its value is a hash of what identifies the backend: it shows no address,
 * and is the same in every worker and after a restart of Fairlead or of the container.
 */
export class Sticky<T extends Stickable> {
  readonly #name: string;
  readonly #backends = new Map<string, T>();
  /** The header lines that set the cookie of each backend, for http and for https. */
  readonly #cookies = new Map<T, { readonly plain: string; readonly secure: string }>();
  readonly #backendOf = (value: string) => this.#backends.get(value);

  constructor({ name }: Service, policy: StickyPolicy, backends: readonly T[]) {
    this.#name = policy.name ?? `fairlead_${digest(name).slice(0, 6)}`;
    const isAlwaysSecure = policy.secure === 'always' || policy.sameSite === 'none';
    for (const state of backends) {
      const value = digest(lastingId(state.backend.id)).slice(0, 16);
      const line = `Set-Cookie: ${this.#name}=${value}; Path=/; HttpOnly; SameSite=${SAME_SITE[policy.sameSite]}`;
      const secure = `${line}; Secure\r\n`;
      this.#backends.set(value, state);
      this.#cookies.set(state, { plain: isAlwaysSecure ? secure : `${line}\r\n`, secure });
    }
  }

  /** The backend that the request's cookie names, whether or not it is available. */
  find(request: KeySource): T | undefined {
    return findCookie(request, this.#name, this.#backendOf);
  }

  /** The header line that keeps the client on a backend; empty if that is not one of the service. */
  fields(request: KeySource, backend: T): string {
    const cookie = this.#cookies.get(backend);
    if (cookie === undefined) return '';
    return request.scheme === 'https' ? cookie.secure : cookie.plain;
  }
}

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' };

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
