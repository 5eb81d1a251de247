import type { Socket } from 'node:net';
import type { Listener } from '../../model/listener.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Admission } from '../listener/admission.ts';
import type { Intake } from '../listener/intake.ts';
import type { ListenerFilter } from '../listener/listener-filter.ts';
import type { Exchanges } from '../proxy/exchanges.ts';
import type { Runtime } from '../runtime.ts';
import { ClientConnection } from './client-connection.ts';
import type { ServerContext } from './server-context.ts';

/** Speaks HTTP/1.1 with those who connect. */
export class Http1Server {
  readonly #context: ServerContext;
  readonly #clients: Admission;

  constructor(runtime: Runtime, intake: Intake, clients: Admission, exchanges: Exchanges) {
    this.#clients = clients;
    this.#context = {
      sweep: runtime.sweep,
      intake,
      clients,
      exchanges,
      instance: runtime.instance,
      elapsed: () => runtime.clock.elapsed(),
      get settings() {
        return runtime.settings;
      },
    };
  }

  /**
   * What takes the connections of a listener. It never throws.
   * @param filter what stands between them and HTTP
   */
  acceptorOf(listener: Listener, filter: ListenerFilter): (accepted: Socket) => void {
    const serve = (socket: Socket) => this.#serve(listener, socket);
    return (accepted) => {
      try {
        this.#context.intake.accepted();
        filter(accepted, serve);
      } catch (error) {
        internalErrors.report('client', error);
        accepted.destroy();
      }
    };
  }

  #serve(listener: Listener, socket: Socket): void {
    try {
      this.#clients.add(new ClientConnection(this.#context, listener, socket));
    } catch (error) {
      internalErrors.report('client', error);
      socket.destroy();
    }
  }
}
