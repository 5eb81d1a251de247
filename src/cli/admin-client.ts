import { request } from 'undici';
import type { Options } from '../config/options.ts';
import { formatAddress } from '../model/address.ts';
import { reachable } from './admin-address.ts';

/** An answer of the admin address of a running Fairlead. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/** How long an answer may take, in milliseconds. */
const TIMEOUT_MS = 5_000;

/**
 * Asks a running Fairlead; undefined when none answers at the admin address of the options.
 * @param order the order to post; without one it is a GET
 */
export async function askAdmin(
  options: Options,
  path: string,
  order?: object,
): Promise<AdminAnswer | undefined> {
  if (options.admin === false) return undefined;
  const headers = {
    ...(options.adminToken !== undefined && { authorization: `Bearer ${options.adminToken}` }),
    ...(order !== undefined && { 'content-type': 'application/json' }),
  };
  try {
    const { statusCode, body } = await request(`http://${formatAddress(reachable(options.admin))}${path}`, {
      headers,
      ...(order !== undefined && { method: 'POST', body: JSON.stringify(order) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: statusCode, body: await body.text() };
  } catch {
    return undefined;
  }
}

/** Says why a running Fairlead could not be asked. */
export function explainSilence(options: Options, answer: AdminAnswer | undefined): string {
  if (options.admin === false)
    return 'its admin address is off, so nothing can be asked (start Fairlead with --admin 127.0.0.1:9900)';
  if (answer === undefined)
    return `no Fairlead answers at ${formatAddress(options.admin)} (--admin ADDRESS asks another)`;
  return `Fairlead answered ${answer.status}: ${answer.body.trim()}`;
}
