import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Downstream, Exchange } from './exchange.ts';
import { refund } from './payment.ts';

/** The attempt is over, however it went. */
export function release(exchange: Exchange): void {
  const { hedge, service } = exchange;
  if (hedge !== undefined) {
    exchange.hedge = undefined;
    hedge.upstream.abort();
    service?.release(hedge.backend);
  }
  if (exchange.upstream === undefined) return;
  exchange.upstream = undefined;
  if (exchange.backend !== undefined) exchange.service?.release(exchange.backend);
}

/** All that an exchange held is others' again. What breaks on the way keeps nobody's next request from beginning. */
export function letGo(exchange: Exchange): void {
  try {
    release(exchange);
    refund(exchange);
    exchange.pause?.();
    exchange.limit?.cancel();
    exchange.waiting?.leave();
  } catch (error) {
    internalErrors.report('request', error);
  }
}

/** The client's next request may begin; what breaks then is no part of the one that is over. */
export function goOn(downstream: Downstream): void {
  try {
    downstream.finished();
  } catch (error) {
    downstream.onBroken(error);
  }
}
