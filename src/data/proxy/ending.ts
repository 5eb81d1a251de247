import { internalErrors } from '../../telemetry/internal-errors.ts';
import { INTERNAL, type ProxyError } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import type { ForwardContext } from './forward-context.ts';
import { errorReply, type Reply } from './reply.ts';

/** The status, in logs alone, of a client that takes no answer. */
const CLIENT_GONE = 499;

/** How exchanges end: with an answer of ours, a cut connection, or the last byte of a response. */
export class Ending {
  readonly #context: Pick<ForwardContext, 'standIns' | 'ledger'>;

  constructor(context: Pick<ForwardContext, 'standIns' | 'ledger'>) {
    this.#context = context;
  }

  /** The client went away or broke its request, or its time is up. */
  clientFailed(exchange: Exchange, error: ProxyError): void {
    exchange.running?.upstream.abort();
    if (exchange.answered || error.status === CLIENT_GONE) this.cut(exchange, error);
    else this.answer(exchange, error);
  }

  answer(exchange: Exchange, error: ProxyError): void {
    const { head, id } = exchange;
    exchange.error = error;
    const page = this.#context.standIns.errorPage(exchange, error.status);
    this.send(exchange, page ?? errorReply(error, head.field('accept') ?? '', id, head.host));
  }

  send(exchange: Exchange, reply: Reply): void {
    exchange.status = reply.status;
    exchange.bytesOut = reply.body.length;
    exchange.downstream.reply(filtered(exchange, reply));
    this.finish(exchange);
  }

  /** A response has begun and cannot be completed: resets the connection, so that the client sees that it is incomplete. */
  cut(exchange: Exchange, error: ProxyError): void {
    exchange.error = error;
    exchange.isCut = true;
    if (!exchange.answered) exchange.status = error.status;
    exchange.downstream.reset();
    this.finish(exchange);
  }

  /** Every exchange ends here, exactly once. */
  finish(exchange: Exchange): void {
    if (exchange.finished) return;
    exchange.finished = true;
    letGo(exchange);
    this.#context.ledger.record(exchange);
    const { downstream } = exchange;
    try {
      downstream.exchangeEnded();
    } catch (error) {
      // The exchange is over: this error belongs to the client's next request.
      downstream.onBroken(error);
    }
  }
}

/** A reply of ours with the response fields of its route's filters; after a filter has thrown, without them. */
function filtered({ filtering, error }: Exchange, reply: Reply): Reply {
  if (filtering === undefined || error === INTERNAL) return reply;
  return { ...reply, fields: reply.fields + filtering.onReply() };
}

/** Ends both attempts of an exchange, however they went. */
export function endAttempts(exchange: Exchange): void {
  const { second } = exchange;
  exchange.second = undefined;
  second?.cancel();
  exchange.attempt?.end('cancelled');
}

/** Gives back all that an exchange held. An error on the way must not keep the client's next request from beginning. */
function letGo(exchange: Exchange): void {
  try {
    endAttempts(exchange);
    exchange.endPause?.();
    exchange.limit?.cancel();
    exchange.ticket?.leave();
    exchange.filtering?.giveUp();
  } catch (error) {
    internalErrors.report('request', error);
  }
}
