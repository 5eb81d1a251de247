import { connect } from 'node:net';
import { ms, type Scene } from '../experiment.ts';

const KIB = 1_024;
const GIB = 1_073_741_824;
/** How long one that must answer may take, and for how long one that must not gets more bytes. */
const ANSWER_MS = 2_000;
const UPLOAD_MS = 3_000;

/** Sends what is too large, and notes the answers and what it cost. */
export async function oversized({ fleet, proxy, note }: Scene): Promise<void> {
  const head = (line: string) => `${line} HTTP/1.1\r\nHost: ${fleet.host}\r\n`;
  const port = Number(new URL(proxy.origin).port);
  const cases = {
    'head of 64 KiB': `${head('GET /')}X: ${'x'.repeat(64 * KIB)}\r\n\r\n`,
    '101 header lines': `${head('GET /')}${Array.from({ length: 100 }, (_, i) => `X-${i}: 1\r\n`).join('')}\r\n`,
    'chunk extension of 64 KiB': `${head('POST /')}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(64 * KIB)}\r\nx\r\n0\r\n\r\n`,
  };
  for (const [name, text] of Object.entries(cases)) note(`${name}: ${await answerTo(port, text)}`);
  const before = proxy.memory;
  const taken = await upload(port, `${head('POST /stalled')}Content-Length: ${GIB}\r\n\r\n`);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  note(`of 1 GiB it took ${megabytes(taken)} MB, and ${megabytes(proxy.memory - before)} MB of memory`);
}

/** The status that is answered, or how the connection ends. */
function answerTo(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    let answer = '';
    socket.setEncoding('latin1').on('data', (data) => {
      answer += data;
      if (answer.includes('\r\n')) socket.destroy();
    });
    socket
      .on('error', () => {})
      .on('close', () => {
        clearTimeout(timer);
        resolve(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1] ?? 'closed');
      });
    socket.write(text);
  });
}

/** Sends as much of a body as is taken, and answers how many bytes that were, those in the kernel included. */
async function upload(port: number, head: string): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port }).on('error', () => {});
  const part = Buffer.alloc(64 * KIB);
  let isOver = false;
  const send = () => {
    while (!isOver && !socket.destroyed && socket.write(part));
  };
  socket.on('drain', send);
  socket.write(head);
  send();
  await ms(UPLOAD_MS);
  isOver = true;
  const taken = socket.bytesWritten - socket.writableLength;
  socket.destroy();
  return taken;
}
