// What Node's own sockets cost: answers every read, and knows nothing of HTTP.
import { createServer } from 'node:net';
import { PROXY_PORT } from '../http/ports.ts';

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
});
server.listen({ host: '127.0.0.1', port: PROXY_PORT, backlog: 4_096 });
