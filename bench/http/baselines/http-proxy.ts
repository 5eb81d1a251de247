// What a proxy in Node usually is: node:http in front, http-proxy behind, keep-alive on both sides.
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy';
import { BACKEND_PORTS, ECHO_PORT, PROXY_PORT } from '../ports.ts';
import { logged } from './access-log.ts';

const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 256 }), xfwd: true });
proxy.on('error', (_error, _request, response) => response.destroy());
let next = 0;

const server = createServer((request, response) => {
  logged(request, response);
  next = (next + 1) % BACKEND_PORTS.length;
  proxy.web(request, response, { target: `http://127.0.0.1:${BACKEND_PORTS[next]}` });
});
server.on('upgrade', (request, socket, head) => {
  proxy.ws(request, socket, head, { target: `http://127.0.0.1:${ECHO_PORT}` });
});
server.listen({ host: '127.0.0.1', port: PROXY_PORT, backlog: 4_096 });
