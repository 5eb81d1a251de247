import type { Listener } from '../../model/listener.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Admission } from '../listener/admission.ts';
import type { Intake } from '../listener/intake.ts';
import type { Exchanges } from '../proxy/exchanges.ts';
import type { Runtime } from '../runtime.ts';
import type { Acceptor } from '../socket/listen.ts';
import type { Transport } from '../socket/transport.ts';
import { ClientConnection } from './client-connection.ts';
import type { ServerContext } from './server-context.ts';

/** Speaks HTTP/1.1 with clients. */
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

  /** Makes the acceptor of a listener, whose methods never throw. */
  acceptorOf(listener: Listener): Acceptor {
    return {
      accepted: () => this.#context.intake.accepted(),
      serve: (transport) => this.#serve(listener, transport),
    };
  }

  #serve(listener: Listener, transport: Transport): void {
    try {
      this.#clients.add(new ClientConnection(this.#context, listener, transport));
    } catch (error) {
      internalErrors.report('client', error);
      transport.destroy();
    }
  }
}
