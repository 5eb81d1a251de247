// The application in the test containers. Its behaviour is set by variables and by requests.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const { NAME = process.env.HOSTNAME, PORT = '8080', START_DELAY = '0', STOP_DELAY = '0' } = process.env;
// WORK: milliseconds that a request takes. RECEIVED: a folder for a file of its name, which gets
// the X-Load-Id of each request as it is received.
const { WORK = '0', RECEIVED, FAULT = 'none', KEEP_ALIVE = '5000' } = process.env;
let healthStatus = 200;
let executed = 0;
let fault = FAULT;

/** What goes wrong instead of an answer. */
const faults = {
  unavailable: (response) => response.writeHead(503, { 'Retry-After': '0' }).end('unavailable'),
  reset: (response) => response.socket.resetAndDestroy(),
  'reset-in-head': (response) => {
    response.socket.write('HTTP/1.1 200 OK\r\nContent-Type: te');
    setTimeout(() => response.socket?.resetAndDestroy(), 5);
  },
  'reset-in-body': (response) => {
    response.writeHead(200, { 'Content-Length': 100, 'X-Backend': NAME });
    response.write('half');
    setTimeout(() => response.socket?.resetAndDestroy(), 5);
  },
  'end-in-chunked-body': (response) => {
    response.writeHead(200, { 'X-Backend': NAME });
    response.write('half');
    setTimeout(() => response.socket?.end(), 5);
  },
};

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://app');
  const id = request.headers['x-load-id'];
  const answer = (status, body) => {
    const echo = id === undefined ? {} : { 'X-Load-Id': id };
    response.writeHead(status, { 'Content-Type': 'text/plain', 'X-Backend': NAME, ...echo });
    response.end(body);
    if (fault === 'surplus' && id !== undefined)
      response.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
  };
  executed++;
  request.socket.requests = (request.socket.requests ?? 0) + 1;
  if (fault === 'second-request-dies' && request.socket.requests > 1) {
    request.socket.destroy();
  } else if (url.pathname === '/healthz' && request.method === 'POST') {
    healthStatus = Number(url.searchParams.get('status'));
    answer(200, 'set');
  } else if (url.pathname === '/fault') {
    fault = url.searchParams.get('name');
    answer(200, 'set');
  } else if (url.pathname === '/healthz') answer(healthStatus, 'health');
  else if (url.pathname === '/sleep') setTimeout(() => answer(200, NAME), Number(url.searchParams.get('ms')));
  else if (url.pathname === '/executed') answer(200, String(executed));
  else if (url.pathname === '/headers') answer(200, JSON.stringify(request.headers));
  // A reader that never reads: what is sent to it stays in the buffers on the way.
  else if (url.pathname === '/stalled') request.pause();
  else {
    request.resume().on('end', () => {
      if (RECEIVED && id !== undefined) appendFileSync(`${RECEIVED}/${NAME}`, `${id}\n`);
      if (fault in faults) faults[fault](response);
      else if (WORK === '0') answer(200, NAME);
      else setTimeout(() => answer(200, NAME), Number(WORK));
    });
  }
});
server.keepAliveTimeout = Number(KEEP_ALIVE);
server.keepAliveTimeoutBuffer = 0;

const sockets = new WebSocketServer({ server, path: '/ws' });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${NAME}: ${data}`)));

setTimeout(() => server.listen(Number(PORT), '::'), Number(START_DELAY));

// A well-behaved application: finishes what it has, and goes on serving for as long as it is told to.
process.on('SIGTERM', () => {
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 2_000).unref();
  }, Number(STOP_DELAY));
});
