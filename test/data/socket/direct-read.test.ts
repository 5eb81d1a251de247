import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { DirectRead, readOn } from '../../../src/data/socket/direct-read.ts';
import { eventually } from '../../support/eventually.ts';

/** The two ends of a connection. */
async function makePair(t: Test): Promise<{ readonly writer: Socket; readonly reader: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const writer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
  const [reader] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    writer.destroy();
    reader.destroy();
    server.close();
  });
  return { writer, reader };
}

/** Sends each character by itself, in a turn of its own. */
async function trickle(writer: Socket, text: string): Promise<void> {
  for (const character of text) {
    writer.write(character);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

t.test(
  'a socket that is paused is not read beyond the piece that comes next, and nothing is lost',
  async (t) => {
    const { writer, reader } = await makePair(t);
    let received = '';
    let pieces = 0;
    new DirectRead((chunk) => {
      received += chunk;
      pieces++;
    }).begin(reader);
    let ended = false;
    reader.on('end', () => {
      ended = true;
    });
    await trickle(writer, 'abc');
    await eventually('what comes before', () => received === 'abc');
    for (let round = 0; round < 3; round++) {
      reader.pause();
      await trickle(writer, '0123456789'.repeat(20));
      t.ok(reader.readableLength <= 1, `${reader.readableLength} bytes wait`);
      pieces = 0;
      readOn(reader);
      const length = 3 + 200 * (round + 1);
      await eventually('all of it', () => received.length === length);
      t.ok(pieces < 10, `in ${pieces} pieces`);
    }
    reader.pause();
    await trickle(writer, 'xyz');
    writer.end();
    await new Promise((resolve) => setImmediate(resolve));
    readOn(reader);
    await eventually('the end', () => ended);
    t.equal(received, `abc${'0123456789'.repeat(60)}xyz`);
  },
);
