// The application in the test containers. Its behaviour is set by variables and by requests.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const { NAME = process.env.HOSTNAME, PORT = '8080', START_DELAY = '0', STOP_DELAY = '0' } = process.env;
let healthStatus = 200;
let executed = 0;

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://app');
  const answer = (status, body) => {
    response.writeHead(status, { 'Content-Type': 'text/plain', 'X-Backend': NAME });
    response.end(body);
  };
  executed++;
  if (url.pathname === '/healthz' && request.method === 'POST') {
    healthStatus = Number(url.searchParams.get('status'));
    answer(200, 'set');
  } else if (url.pathname === '/healthz') answer(healthStatus, 'health');
  else if (url.pathname === '/sleep') setTimeout(() => answer(200, NAME), Number(url.searchParams.get('ms')));
  else if (url.pathname === '/executed') answer(200, String(executed));
  else if (url.pathname === '/headers') answer(200, JSON.stringify(request.headers));
  else request.resume().on('end', () => answer(200, NAME));
});

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
