import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { plainAddress } from '../../../model/ip.ts';
import type { KeyPair } from '../../../model/keyring.ts';
import type { HandshakeFailure } from '../../../telemetry/events.ts';
import { safely } from '../../safely.ts';
import type { Expiring, Sweep } from '../../sweep.ts';
import { Gathered } from '../gathered.ts';
import { transportOn } from '../socket-transport.ts';
import type { Transport } from '../transport.ts';
import { type ClientHello, readClientHello } from './client-hello.ts';

/** How a handshake ended: in a connection, which a ticket of an earlier one may have made cheaper, or not. */
export type HandshakeResult = 'full' | 'resumed' | HandshakeFailure['result'];

/** What handshakes have in common. */
export interface HandshakeHost {
  readonly sweep: Sweep;
  /** Within so many milliseconds the ClientHello must be there. */
  readonly helloMs: number;
  /**
   * What a client is shown.
   * @param name that it asks for, or the address that it connected to
   */
  find(name: string): { readonly pair: KeyPair; readonly context: SecureContext } | undefined;
  /** A handshake is over. Called once for each. @param why for people; empty when there is nothing to say */
  over(handshake: Handshake, result: HandshakeResult, why: string): void;
  /** Code of ours threw. */
  broke(error: unknown): void;
}

/** From the ClientHello on it may take so long. */
const HANDSHAKE_MS = 10_000;
/** Who was refused is read for so long, so that it can read why. */
const LINGER_MS = 1_000;

/** What is spoken within TLS. A client that offers protocols, but none of these, is refused (RFC 7301, section 3.2). */
const PROTOCOLS = ['http/1.1', 'http/1.0'];

/** A fatal alert: unrecognized_name (RFC 6066, section 3). */
const UNRECOGNIZED_NAME = Buffer.from('15030100020270', 'hex');
const USE_HTTPS = plainAnswer('This port speaks TLS: ask for https:// instead.\n');

/**
 * A connection from its acceptance until it speaks TLS. The ClientHello is read here first, so that a name without a
 * certificate costs no handshake, and no callback of OpenSSL has to choose; then it is put back, and OpenSSL begins.
 */
export class Handshake implements Expiring {
  deadline: number;
  /** When it began, in the milliseconds of the sweep. */
  readonly since: number;
  /** The address of the client, without port. */
  readonly peer: string;
  /** That the client asks for, once that is known. */
  name = '';
  readonly #host: HandshakeHost;
  readonly #raw: Socket;
  readonly #pass: (carrier: Transport) => void;
  /** Bytes of the ClientHello, if they come in pieces. */
  #gathered: Gathered | undefined = undefined;
  /** It is whole no sooner. */
  #needs = 0;
  #tls: TLSSocket | undefined = undefined;
  #pair: KeyPair | undefined = undefined;
  /** Why the client is told to go. */
  #refused: HandshakeResult | undefined = undefined;
  #isOver = false;

  constructor(host: HandshakeHost, raw: Socket, pass: (carrier: Transport) => void) {
    this.#host = host;
    this.#raw = raw;
    this.#pass = pass;
    this.since = host.sweep.now;
    this.peer = plainAddress(raw.remoteAddress ?? '');
    this.deadline = host.sweep.deadlineIn(host.helloMs);
    host.sweep.add(this);
    raw.on('error', this.#onError).on('close', this.#onClose).on('data', this.#onData).on('end', this.#onEnd);
  }

  expire(): void {
    this.drop(
      'timeout',
      this.#tls === undefined ? 'no ClientHello in time (option header-timeout)' : 'too slow',
    );
  }

  /** Ends it at once. */
  drop(result: HandshakeResult, why = ''): void {
    this.#end(result, why);
    (this.#tls ?? this.#raw).destroy();
  }

  onBroken(error: unknown): void {
    this.#host.broke(error);
    this.drop('failed');
  }

  readonly #onData = safely(this, (chunk: Buffer) => {
    if (this.#refused !== undefined) return;
    this.#gathered?.add(chunk, 0, chunk.length);
    const bytes = this.#gathered?.bytes ?? chunk;
    if (bytes.length < this.#needs) return;
    const peeked = readClientHello(bytes);
    if (peeked === undefined) return this.#refuseBytes(bytes);
    if (!('needs' in peeked)) return this.#begin(peeked, bytes);
    this.#needs = peeked.needs;
    if (this.#gathered !== undefined) return;
    this.#gathered = new Gathered(peeked.needs);
    this.#gathered.add(chunk, 0, chunk.length);
  });

  readonly #onEnd = () => this.drop('gone');

  readonly #onClose = () => this.#end('gone');

  readonly #onError = (error: NodeJS.ErrnoException) => {
    const isGone = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.drop(isGone ? 'gone' : 'failed', isGone ? '' : reasonOf(error));
  };

  readonly #onSecure = safely(this, () => {
    const [tls, raw] = [this.#tls as TLSSocket, this.#raw];
    tls.off('error', this.#onError).off('end', this.#onEnd).off('secure', this.#onSecure);
    const transport = transportOn(tls, raw, { name: this.name, pair: this.#pair as KeyPair });
    raw.off('error', this.#onError).off('close', this.#onClose);
    this.#pass(transport);
    this.#end(tls.isSessionReused() ? 'resumed' : 'full');
  });

  /** @param bytes all that has come, with the ClientHello */
  #begin({ name }: ClientHello, bytes: Buffer): void {
    const { sweep } = this.#host;
    const raw = this.#raw;
    this.name = name;
    // Clients name no addresses (RFC 6066, section 3).
    const found = this.#host.find(name === '' ? plainAddress(raw.localAddress ?? '') : name);
    if (found === undefined) return this.#refuse(UNRECOGNIZED_NAME, 'unknown-name');
    this.deadline = sweep.deadlineIn(HANDSHAKE_MS);
    this.#gathered = undefined;
    this.#pair = found.pair;
    raw.off('data', this.#onData).off('end', this.#onEnd).pause();
    raw.unshift(bytes);
    const { context: secureContext } = found;
    this.#tls = new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: PROTOCOLS });
    this.#tls.on('error', this.#onError).on('end', this.#onEnd).on('secure', this.#onSecure);
  }

  #refuseBytes(bytes: Buffer): void {
    // A method and a space, as far as they are here.
    const isHttp = /^[A-Z]{1,20}(?: |$)/.test(bytes.toString('latin1', 0, 21));
    if (isHttp) this.#refuse(USE_HTTPS, 'plain-http');
    else this.drop('failed', 'it is no TLS');
  }

  /** Tells why, and ends once the client has had time to read it: to close over unread bytes would cut the answer. */
  #refuse(answer: Buffer, result: HandshakeResult): void {
    this.#refused = result;
    this.#raw.end(answer);
    this.deadline = this.#host.sweep.deadlineIn(LINGER_MS);
  }

  #end(result: HandshakeResult, why = ''): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.sweep.delete(this);
    this.#host.over(this, this.#refused ?? result, this.#refused === undefined ? why : '');
  }
}

/** An answer for who speaks HTTP without TLS. */
function plainAnswer(text: string): Buffer {
  const fields = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\nConnection: close\r\n`;
  return Buffer.from(`HTTP/1.1 400 Bad Request\r\n${fields}\r\n${text}`);
}

/** What OpenSSL says, without the place in its source. */
function reasonOf(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  return error.reason ?? error.code ?? error.message;
}
