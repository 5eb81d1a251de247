// What a proxy in Node usually is: node:http in front, http-proxy behind, keep-alive on both sides.
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy';
import { BACKEND_PORTS, PROXY_PORT } from '../ports.ts';

const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 256 }), xfwd: true });
proxy.on('error', (_error, _request, response) => response.destroy());
let next = 0;

createServer((request, response) => {
  next = (next + 1) % BACKEND_PORTS.length;
  proxy.web(request, response, { target: `http://127.0.0.1:${BACKEND_PORTS[next]}` });
}).listen(PROXY_PORT, '127.0.0.1');
