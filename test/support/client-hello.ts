import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';

/** The ClientHello that OpenSSL sends with these options. */
export function helloOf(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    connect({ ...options, socket: wire }).on('error', () => {});
  });
}

const u8 = (value: number) => Buffer.from([value]);
const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);

/** With its length before it. */
function sized(bytes: Buffer): Buffer {
  return Buffer.concat([u16(bytes.length), bytes]);
}

export function extension(kind: number, value: Buffer): Buffer {
  return Buffer.concat([u16(kind), sized(value)]);
}

export function serverName(name: string, kind = 0): Buffer {
  return extension(0, sized(Buffer.concat([u8(kind), sized(Buffer.from(name, 'latin1'))])));
}

export function alpn(...protocols: string[]): Buffer {
  const list = protocols.map((one) => Buffer.concat([u8(one.length), Buffer.from(one, 'latin1')]));
  return extension(16, sized(Buffer.concat(list)));
}

/** A message of a handshake that is a ClientHello with these extensions; undefined for none at all. */
export function helloMessage(extensions: readonly Buffer[] | undefined): Buffer {
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    u8(32),
    Buffer.alloc(32, 9),
    sized(u16(0x1301)),
    u8(1),
    u8(0),
    ...(extensions === undefined ? [] : [sized(Buffer.concat([...extensions]))]),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  size[0] = 1;
  return Buffer.concat([size, body]);
}

/** The records that a message travels in, with at most so many of its bytes in each. */
export function recordsOf(message: Buffer, most = message.length): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += most)
    records.push(Buffer.concat([Buffer.from([22, 3, 1]), sized(message.subarray(at, at + most))]));
  return Buffer.concat(records);
}
