/** What a client says before anything is encrypted (RFC 8446, section 4.1.2). */
export interface ClientHello {
  /** The name that it asks for (SNI, RFC 6066), in lower case and without a dot at its end; empty without one. */
  readonly name: string;
  /** The protocols that it offers within TLS (ALPN, RFC 7301), in its order. */
  readonly protocols: readonly string[];
}

/** What the first bytes of a connection are. */
export type Peeked =
  | ClientHello
  /** A beginning; at least so many bytes are needed in all to say more. */
  | { readonly needs: number }
  /** No ClientHello, and none that these bytes begin. */
  | undefined;

/** A ClientHello may have so many bytes, with the heads of its records. The longest of browsers have 2,000. */
export const MAX_HELLO = 16_384;

const RECORD_HEAD = 5;
const MESSAGE_HEAD = 4;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const HOST_NAME = 0;
/** A name of the DNS has no more characters (RFC 1035, section 2.3.4). */
const MAX_NAME = 255;

/** Reads the ClientHello that a connection begins with. Never throws, and reads nothing beyond `bytes`. */
export function readClientHello(bytes: Buffer): Peeked {
  const fragments: Buffer[] = [];
  let missing = MESSAGE_HEAD;
  let isHeadRead = false;
  let at = 0;
  while (missing > 0) {
    if (!isBeginning(bytes.subarray(at))) return undefined;
    // What is missing comes in one more record at least.
    if (bytes.length < at + RECORD_HEAD) return partial(at + RECORD_HEAD + missing);
    const size = bytes.readUInt16BE(at + 3);
    if (size === 0) return undefined;
    const from = at + RECORD_HEAD;
    at = from + size;
    missing -= size;
    if (bytes.length < at) return partial(missing > 0 ? at + RECORD_HEAD + missing : at);
    fragments.push(bytes.subarray(from, at));
    if (isHeadRead || missing > 0) continue;
    const head = join(fragments);
    if (head[0] !== CLIENT_HELLO) return undefined;
    isHeadRead = true;
    missing += head.readUIntBE(1, 3);
  }
  const message = join(fragments);
  return read(message.subarray(MESSAGE_HEAD, message.length + missing));
}

function partial(needs: number): Peeked {
  return needs > MAX_HELLO ? undefined : { needs };
}

/** Whether a record of a handshake in any version of TLS may begin so (RFC 8446, section 5.1). */
function isBeginning(bytes: Buffer): boolean {
  return (bytes[0] ?? HANDSHAKE) === HANDSHAKE && (bytes[1] ?? 3) === 3 && (bytes[2] ?? 0) <= 4;
}

function join(fragments: readonly Buffer[]): Buffer {
  return fragments.length === 1 ? (fragments[0] as Buffer) : Buffer.concat(fragments);
}

/** @param message the ClientHello without its head */
function read(message: Buffer): ClientHello | undefined {
  const fields = new Fields(message);
  // The version, and what is random.
  fields.skip(34);
  // The session, ciphers, and ways to compress.
  fields.skip(fields.number(1));
  fields.skip(fields.number(2));
  fields.skip(fields.number(1));
  const hello = { name: '', protocols: [] as readonly string[] };
  if (!fields.isEmpty) {
    const extensions = fields.part(2);
    const known = new Set<number>();
    while (!extensions.isEmpty) {
      const kind = extensions.number(2);
      const value = extensions.part(2);
      // A second one may be understood in another way by whoever reads the last.
      if (known.has(kind)) return undefined;
      known.add(kind);
      if (kind === SERVER_NAME) hello.name = nameIn(value);
      else if (kind === ALPN) hello.protocols = protocolsIn(value);
      if (value.isBroken) return undefined;
    }
    if (extensions.isBroken) return undefined;
  }
  return fields.isBroken || !fields.isEmpty ? undefined : hello;
}

/** The one name of a list (RFC 6066, section 3). */
function nameIn(extension: Fields): string {
  const list = extension.part(2);
  const kind = list.number(1);
  const size = list.number(2);
  const name = list.text(size).toLowerCase();
  const isGood = kind === HOST_NAME && size > 0 && size <= MAX_NAME && /^[\x21-\x7e]+$/.test(name);
  if (!isGood || !list.isEmpty || list.isBroken || !extension.isEmpty) extension.break();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function protocolsIn(extension: Fields): string[] {
  const list = extension.part(2);
  const protocols: string[] = [];
  while (!list.isEmpty) {
    const protocol = list.text(list.number(1));
    if (protocol === '') list.break();
    protocols.push(protocol);
  }
  if (list.isBroken || protocols.length === 0 || !extension.isEmpty) extension.break();
  return protocols;
}

/** Reads fields one after the other. What is not there is read as nothing, and told at the end. */
class Fields {
  isBroken = false;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  break(): void {
    this.isBroken = true;
    this.#at = this.#bytes.length;
  }

  skip(size: number): void {
    if (this.#at + size > this.#bytes.length) this.break();
    else this.#at += size;
  }

  number(size: 1 | 2): number {
    const from = this.#at;
    this.skip(size);
    return this.isBroken ? 0 : this.#bytes.readUIntBE(from, size);
  }

  text(size: number): string {
    const from = this.#at;
    this.skip(size);
    return this.isBroken ? '' : this.#bytes.toString('latin1', from, from + size);
  }

  /** What follows its own length. */
  part(lengthSize: 2): Fields {
    const size = this.number(lengthSize);
    const from = this.#at;
    this.skip(size);
    const part = new Fields(this.#bytes.subarray(from, from + size));
    if (this.isBroken) part.break();
    return part;
  }
}
