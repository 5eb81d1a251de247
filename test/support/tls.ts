import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as secure, type TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import type { DataPlane } from '../../src/data/plane.ts';
import type { KeyPair, Keyring } from '../../src/model/keyring.ts';
import { RawClient, reset } from './client.ts';
import { keyringOf, makePair } from './keyring.ts';
import { listenerOn } from './listener.ts';
import { startProxy, type TestProxy } from './proxy.ts';

/** The one name of `test.localhost` that all tests of a process share. */
let shared: Promise<KeyPair> | undefined;

/** A keyring with one pair, for `test.localhost`. */
export async function testKeyring(): Promise<Keyring> {
  shared ??= makePair(['test.localhost']);
  return keyringOf([await shared]);
}

/** The same as `startProxy`, but its port is one where clients connect with TLS; `plainPort` is the other. */
export async function startTlsProxy(
  t: Test,
  ...args: Parameters<typeof startProxy> extends [unknown, ...infer Rest] ? Rest : never
): Promise<TestProxy & { readonly plainPort: number }> {
  const proxy = await startProxy(t, ...args);
  return { ...proxy, port: await listenByTls(proxy.plane), plainPort: proxy.port };
}

/** Lets clients connect with TLS, too, for `test.localhost`; answers the port. */
export async function listenByTls(plane: DataPlane): Promise<number> {
  plane.adoptKeyring(await testKeyring());
  return (await plane.listen(listenerOn(0, { name: 'https', tls: true }))).port;
}

/** A raw connection with TLS to a port of this machine, gone at the end of the test. Rejects if there is no handshake. */
export async function connectTls(t: Test, port: number, options: ConnectionOptions = {}): Promise<TlsClient> {
  const below = connect({ host: '127.0.0.1', port, noDelay: true });
  t.teardown(() => below.destroy());
  return secured(below, options);
}

/** The same on a connection that there is. */
export async function secured(below: Socket, options: ConnectionOptions = {}): Promise<TlsClient> {
  below.on('error', () => {});
  const asked = { servername: 'test.localhost', rejectUnauthorized: false, ...options };
  const client = new TlsClient(secure({ ...asked, socket: below }), below);
  await once(client.socket, 'secureConnect');
  return client;
}

/** Why a client has no handshake with a port: the code of its error. */
export async function handshakeError(
  t: Test,
  port: number,
  options: ConnectionOptions = {},
): Promise<string> {
  try {
    await connectTls(t, port, options);
    return 'none';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/** A client that speaks in bytes, over TLS. */
export class TlsClient extends RawClient {
  /** The bare connection. */
  readonly below: Socket;
  declare readonly socket: TLSSocket;

  constructor(socket: TLSSocket, below: Socket) {
    super(socket);
    this.below = below;
  }

  /** The names of the certificate that it was shown. */
  get shown(): string {
    return String(this.socket.getPeerCertificate().subjectaltname);
  }

  /** Goes away in a way that the other end takes for an error. */
  reset(): void {
    reset(this.below);
  }
}
