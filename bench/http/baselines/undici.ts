// The faster way to write a proxy in Node: node:http in front, a pool of undici for each backend.
import { createServer, type IncomingMessage } from 'node:http';
import { Pool } from 'undici';
import { BACKEND_PORTS, PROXY_PORT } from '../ports.ts';
import { logged } from './access-log.ts';

const pools = BACKEND_PORTS.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: 256 }));
let next = 0;

const server = createServer(async (request, response) => {
  logged(request, response);
  next = (next + 1) % pools.length;
  const pool = pools[next] as Pool;
  const { method = 'GET', url: path = '/' } = request;
  const body = method === 'GET' ? null : request;
  try {
    await pool.stream({ method: method as 'GET', path, headers: forwarded(request), body }, (answer) => {
      const { connection: _, 'keep-alive': __, ...headers } = answer.headers;
      return response.writeHead(answer.statusCode, headers);
    });
  } catch {
    response.destroy();
  }
});
server.listen({ host: '127.0.0.1', port: PROXY_PORT, backlog: 4_096 });

function forwarded({ headers, socket }: IncomingMessage): Record<string, string | string[] | undefined> {
  const { connection: _, 'keep-alive': __, ...rest } = headers;
  const address = socket.remoteAddress;
  return {
    ...rest,
    'x-forwarded-for': address,
    'x-real-ip': address,
    'x-forwarded-proto': 'http',
    'x-forwarded-host': headers.host,
    'x-forwarded-port': String(PROXY_PORT),
  };
}
