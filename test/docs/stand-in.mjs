// What stands in for an image that the tests cannot pull: it listens where that one does, and says what it was asked.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const { PORTS = '', NAME = hostname(), GREETING = '', START_DELAY = '0' } = process.env;

const server = () =>
  createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://stand-in');
    response.setHeader('Content-Type', 'text/plain');
    if (pathname === '/events') return stream(response);
    let bytes = 0;
    request.on('data', (data) => (bytes += data.length));
    request.on('end', () => {
      const headers = Object.entries(request.headers).map(([name, value]) => `${titled(name)}: ${value}`);
      const lines = [`Hostname: ${hostname()}`, `Name: ${NAME}`, `${request.method} ${request.url} HTTP/1.1`];
      if (bytes > 0) lines.push(`Body: ${bytes} bytes`);
      const text = `${[...(GREETING ? [GREETING] : []), ...lines, ...headers].join('\n')}\n`;
      setTimeout(() => response.end(text), seconds(searchParams.get('wait')));
    });
  });

const titled = (name) => name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
/** Milliseconds of `5s` or `300ms`, as traefik/whoami has them in `?wait=`. */
const seconds = (text) => Number.parseFloat(text ?? '0') * (text?.endsWith('ms') ? 1 : 1_000);

/** Server-sent events, one a second. */
function stream(response) {
  response.setHeader('Content-Type', 'text/event-stream');
  let sent = 0;
  const timer = setInterval(() => response.write(`data: ${++sent}\n\n`), 1_000);
  response.on('close', () => clearInterval(timer));
}

/** Answers each frame of a WebSocket with itself; frames of up to 125 bytes are enough here. */
function upgrade(request, socket) {
  const accept = createHash('sha1').update(
    `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
  );
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
  );
  socket.on('data', (frame) => {
    const length = frame[1] & 127;
    const data = frame.subarray(6, 6 + length).map((byte, at) => byte ^ frame[2 + (at % 4)]);
    socket.write(Buffer.concat([Buffer.from([0x80 | (frame[0] & 15), length]), data]));
  });
  socket.on('error', () => {});
}

const servers = PORTS.split(' ')
  .filter(Boolean)
  .map((port) => {
    const one = server().on('upgrade', upgrade);
    setTimeout(() => one.listen(Number(port), '::'), seconds(START_DELAY));
    return one;
  });
// It finishes what it has, as a good application does.
process.on('SIGTERM', () => {
  for (const one of servers) one.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 5_000).unref();
});
// One without ports stays, too.
setInterval(() => {}, 1 << 30);
