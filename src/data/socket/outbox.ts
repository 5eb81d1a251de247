import type { Socket } from 'node:net';
import { exactCopy } from './gathered.ts';
import { isShared } from './read-buffer.ts';
import type { Flow } from './transport.ts';

/** Pieces up to this size are joined: a list of many costs more than their copies. */
const JOINED = 4_096;
/** Text up to this size may wait as it is. */
const MAX_SLICED = 64;
/**
 * What must be copied is copied into a tray, with the text around it. The kernel mostly takes all of it at once, and the
 * tray is free again: a buffer made for each response would be a matter for the garbage collector, and that costs far
 * more than the copy (bench/micro/tricks.ts). One for each outbox that is being filled, which is rarely two.
 */
const TRAY_SIZE = 65_536;
const MAX_SPARE = 4;
const spare: Buffer[] = [];

/** So many turns may leave something behind that waits, however little: each piece in a socket's queue costs 200 bytes or more. */
const MAX_LATE = 64;

/**
 * Gathers what one turn writes to a socket, so that it leaves in one system call: on loopback and bridge
 * networks `write(2)` is where most of a proxy's time goes.
 */
export class Outbox {
  readonly #socket: Socket;
  #text = '';
  /** Has what came before `#text`, which is empty then. */
  #tray: Buffer | undefined = undefined;
  #used = 0;
  #corked = false;
  /** Something waited before what is corked. */
  #isBehind = false;
  /**
   * A TLS socket has encrypted or copied what is written by the time that `write` returns, unless something waited before; but
   * it says only in a later turn that it was sent.
   */
  readonly #isEncrypting: boolean;
  /** Of what this turn wrote something waits with its buffer. */
  #isHeld = false;
  /** Turns that left something behind since the socket had nothing to send. */
  #late = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#isEncrypting = 'encrypted' in socket;
  }

  /** Adds latin1 text. */
  text(text: string): void {
    if (this.#tray === undefined) this.#text += text;
    else if (this.#hasRoom(text.length)) this.#used += this.#tray.write(text, this.#used, 'latin1');
    else {
      this.#writeTray();
      this.#text = text;
    }
  }

  /**
   * Adds bytes. Those of the shared read buffer are copied; others go to the kernel where they lie, and must not change
   * before `flush` answers, nor after it if that says that they wait.
   */
  bytes(buffer: Buffer, from: number, to: number): void {
    const size = to - from;
    if (this.#tray === undefined && size <= JOINED && this.#text.length <= JOINED) {
      this.#text += buffer.toString('latin1', from, to);
    } else if (size <= JOINED || isShared(buffer)) this.#copy(buffer, from, to);
    else this.#writeInPlace(buffer, from, to);
  }

  flush(): Flow {
    if (this.#tray !== undefined) this.#writeTray();
    else this.#writeText();
    if (this.#corked) {
      this.#corked = false;
      this.#socket.uncork();
    }
    if (this.#isWaiting) return this.#wait();
    this.#late = 0;
    return 'taken';
  }

  /** So much is waiting, or so many pieces, that nothing should be written until the socket drains. */
  get isFull(): boolean {
    // Asked several times for each request: the second question is for the few that are late.
    return this.#socket.writableNeedDrain || (this.#late > MAX_LATE && this.#socket.writableLength > 0);
  }

  get #isWaiting(): boolean {
    const { writableLength, writableNeedDrain } = this.#socket;
    if (!this.#isEncrypting || writableLength === 0) return writableLength > 0;
    const isHeld = this.#isHeld;
    this.#isHeld = false;
    return isHeld || writableNeedDrain;
  }

  #wait(): Flow {
    // The stream counts bytes, and says that it drained only when it had too many of them.
    if (++this.#late === MAX_LATE + 1 && this.#socket.writable)
      this.#socket.write('', 'latin1', () => this.#caughtUp());
    return this.isFull ? 'full' : 'held';
  }

  #caughtUp(): void {
    this.#late = 0;
    if (!this.#socket.writableNeedDrain && !this.#socket.destroyed) this.#socket.emit('drain');
  }

  #copy(buffer: Buffer, from: number, to: number): void {
    if (this.#tray !== undefined && !this.#hasRoom(to - from)) this.#writeTray();
    if (this.#text.length + to - from > TRAY_SIZE) this.#writeText();
    if (this.#tray === undefined) {
      this.#tray = spare.pop() ?? Buffer.allocUnsafeSlow(TRAY_SIZE);
      this.#used = this.#text === '' ? 0 : this.#tray.write(this.#text, 'latin1');
      this.#text = '';
    }
    this.#used += buffer.copy(this.#tray, this.#used, from, to);
  }

  #writeInPlace(buffer: Buffer, from: number, to: number): void {
    if (this.#tray !== undefined) this.#writeTray();
    const isBehind = this.#mustWait;
    if (this.#text !== '' && !this.#corked) {
      this.#corked = true;
      this.#isBehind = isBehind;
      this.#socket.cork();
    }
    this.#writeText();
    // What waits must not keep a buffer that is much larger in memory.
    if (isBehind && 2 * (to - from) < buffer.length) this.#write(exactCopy(buffer, from, to));
    else this.#write(from === 0 && to === buffer.length ? buffer : buffer.subarray(from, to));
  }

  /** What is written now is not taken in this turn. */
  get #mustWait(): boolean {
    return this.#corked ? this.#isBehind : this.#socket.connecting || this.#socket.writableLength > 0;
  }

  #hasRoom(size: number): boolean {
    return this.#used + size <= TRAY_SIZE;
  }

  /** What the kernel does not take at once must not lie in a tray that is much larger, nor in one that is used again. */
  #writeTray(): void {
    const socket = this.#socket;
    const tray = this.#tray as Buffer;
    this.#tray = undefined;
    const bytes = tray.subarray(0, this.#used);
    const mustWait = socket.connecting || socket.writableLength > 0;
    this.#write(mustWait ? exactCopy(bytes, 0, bytes.length) : bytes);
    const isFree = mustWait || this.#isEncrypting || socket.writableLength === 0;
    if (isFree && spare.length < MAX_SPARE) spare.push(tray);
  }

  #writeText(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    // A text is made of its pieces until it is sent, each of which costs more than its bytes.
    this.#write(text.length > MAX_SLICED && this.#mustWait ? Buffer.from(text, 'latin1') : text);
  }

  /** What comes after the end, or to a connection that is closed, is dropped: it would make an error, with its stack. */
  #write(piece: Buffer | string): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (this.#isEncrypting && this.#mustWait) this.#isHeld = true;
    socket.write(piece, 'latin1');
  }
}
