// The backend without nginx: three ports that answer with as little work as Node allows.
import { createServer } from 'node:http';
import { BACKEND_PORTS } from './ports.ts';

const bodies: Readonly<Record<string, Buffer>> = {
  '/small': Buffer.from('hello world\n'),
  '/16k': Buffer.alloc(16_384, 'x'),
  '/1m': Buffer.alloc(1_048_576, 'x'),
  '/chunked': Buffer.alloc(16_384, 'x'),
  '/post': Buffer.from('ok'),
};

for (const port of BACKEND_PORTS) {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const body = bodies[request.url ?? ''];
    const answer = () => {
      const length = request.url === '/chunked' ? {} : { 'Content-Length': body?.length ?? 0 };
      response.writeHead(body === undefined ? 404 : 200, length);
      response.end(body);
    };
    if (request.method === 'POST') request.resume().on('end', answer);
    else answer();
  });
  server.listen(port, '127.0.0.1');
}
