import type { ProxyError } from '../errors.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';
import { mayRetry } from './retry.ts';

/**
 * Whether the service's budget pays for one more attempt. What never reached a backend costs none: that is always
 * tried again.
 * @param now `Clock.elapsed`
 * @param error what the attempt before failed with; none when it goes on beside
 */
export function pay(exchange: Exchange, service: ServiceState, now: number, error?: ProxyError): boolean {
  if (error?.retry === 'always') return true;
  const isPaid = service.budget.take(service.service.retry.budgetPercent, now);
  if (isPaid) exchange.paid++;
  else service.stats.retriesDenied++;
  return isPaid;
}

/** Whether a failed attempt is followed by one on another backend: the policy allows it, and the budget pays. */
export function paysRetry(
  exchange: Exchange,
  service: ServiceState,
  error: ProxyError,
  now: number,
): boolean {
  const { retry } = service.service;
  if (!mayRetry(exchange, error, retry)) return false;
  return pay(exchange, service, now, error);
}

/** The exchange is over, or another service's: its attempts no longer count as running. */
export function refund(exchange: Exchange): void {
  if (exchange.paid === 0) return;
  exchange.service?.budget.release(exchange.paid);
  exchange.paid = 0;
}
