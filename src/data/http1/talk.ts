import { schemeOf } from '../../model/listener.ts';
import type { Client } from '../listener/client.ts';
import { ForwardedFields } from '../proxy/forwarded.ts';
import type { Transport } from '../socket/transport.ts';
import { Pace } from './pace.ts';
import { RequestReader, type RequestSink } from './request-reader.ts';
import { ResponseWriter } from './response-writer.ts';
import type { ServerContext } from './server-context.ts';

/** What a client's connection needs while requests come: one that is idle for longer has none. */
export class Talk {
  readonly reader: RequestReader;
  readonly writer: ResponseWriter;
  readonly pace: Pace;
  readonly forwarded: ForwardedFields;

  constructor(
    context: ServerContext,
    sink: RequestSink,
    transport: Transport,
    { peer, listener }: Pick<Client, 'peer' | 'listener'>,
  ) {
    const { isTrusted, minBodyRate, bodyTimeout } = context.settings;
    this.reader = new RequestReader(sink, context, isTrusted(peer));
    this.pace = new Pace(minBodyRate, bodyTimeout);
    this.writer = new ResponseWriter(transport);
    this.forwarded = new ForwardedFields(peer, schemeOf(listener), isTrusted, context.instance);
  }
}
