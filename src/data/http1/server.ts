import type { Socket } from 'node:net';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Admission } from '../listener/admission.ts';
import type { Intake } from '../listener/intake.ts';
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

  /** Takes a connection. Never throws. */
  readonly accept = (socket: Socket): void => {
    try {
      this.#context.intake.accepted();
      this.#clients.add(new ClientConnection(this.#context, socket));
    } catch (error) {
      internalErrors.report('client', error);
      socket.destroy();
    }
  };
}
