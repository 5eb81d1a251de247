import type { Socket } from 'node:net';
import { Duplex, Writable } from 'node:stream';
import { DirectRead } from '../../src/data/socket/direct-read.ts';
import { Outbox } from '../../src/data/socket/outbox.ts';
import { ReadBuffer } from '../../src/data/socket/read-buffer.ts';
import { commonLine, jsonLine, makeBatch } from '../../src/telemetry/access-log.ts';
import type { AccessEntry } from '../../src/telemetry/events.ts';
import { type Group, sink } from './bench.ts';

class FakeSocket extends Duplex {
  override _read(): void {}
  override _write(): void {}
}

const ENTRY: AccessEntry = {
  time: 1_700_000_000_000,
  client: '203.0.113.9',
  peer: '203.0.113.9',
  method: 'GET',
  scheme: 'http',
  host: 'shop.localhost',
  target: '/products/chairs?page=2',
  minor: 1,
  status: 200,
  bytes: 1_234,
  durationMs: 12.345_678,
  service: 'shop',
  backend: 'web-1',
  attempts: 1,
  error: '',
  detail: '',
  isCut: false,
  requestId: '0b1c2d3e-0b1c-2d3e-0b1c-2d3e0b1c2d3e',
  referer: 'http://shop.localhost/',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
};

/** What the batches of lines come to. */
const keep = (lines: Buffer) => {
  sink.last = lines;
};

/** Gathers lines as one long string. */
function asString(toLine: (entry: AccessEntry) => string): () => void {
  let batch = '';
  return () => {
    batch += toLine(ENTRY);
    if (batch.length < 65_536) return;
    keep(Buffer.from(batch));
    batch = '';
  };
}

/** Why lines are put together by hand, and gathered as bytes. */
export function lineGroup(): Group {
  const common = makeBatch('clf', keep);
  const json = makeBatch('json', keep);
  return {
    name: 'line of the access log',
    ways: {
      common: () => common.write(ENTRY),
      'common, gathered as a string': asString(commonLine),
      json: () => json.write(ENTRY),
      'json, gathered as a string': asString(jsonLine),
      'JSON.stringify, gathered as a string': asString(
        (entry) => `${JSON.stringify({ ...entry, time: new Date(entry.time) })}\n`,
      ),
    },
  };
}

/** Why what a socket reads goes past the stream. One call is a turn, as one read of a socket is. */
export function readGroup(): Group {
  const chunk = Buffer.alloc(64);
  const onData = (bytes: Buffer) => {
    sink.last = bytes;
  };
  const makeStream = () => new FakeSocket();
  const direct = makeStream();
  new DirectRead(onData).begin(direct as unknown as Socket);
  const streamed = makeStream().on('data', onData);
  direct.resume();
  streamed.resume();
  return {
    name: 'read of a socket',
    ways: { directly: () => direct.push(chunk), 'by the stream': () => streamed.push(chunk) },
  };
}

/** Why what must be copied is copied to a tray that is used again. One call is a response. */
export function trayGroup(): Group {
  const head = 'HTTP/1.1 200 OK\r\n'.padEnd(250, 'x');
  const body = new ReadBuffer().next(0).subarray(0, 16_384);
  const buffer = new ReadBuffer().next(0);
  const socket = new Writable({
    decodeStrings: false,
    write: (_chunk, _encoding, done) => done(),
    writev: (_chunks, done) => done(),
  });
  const outbox = new Outbox(socket as unknown as Socket);
  return {
    name: 'head and 16 KB, copied and written',
    ways: {
      'by a tray': () => {
        outbox.text(head);
        outbox.bytes(buffer, 0, body.length);
        return outbox.flush().length;
      },
      'by new buffers': () => {
        socket.cork();
        socket.write(head, 'latin1');
        socket.write(Buffer.from(body));
        socket.uncork();
        return socket.writableLength;
      },
    },
  };
}
