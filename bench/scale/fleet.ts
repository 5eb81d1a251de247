// A fake Docker Engine with 5,000 containers, and the containers: one port on many loopback addresses. A child of
// run.ts, so that their work is not counted; a message `stop` or `start` does that to the first container.
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { makeEntry } from '../../test/support/fake-engine.ts';
import { CONTAINERS, HOSTS_EACH, hostOf, PORT, SERVICES } from './shape.ts';

type Entry = ReturnType<typeof makeEntry>;

const entries: Entry[] = Array.from({ length: CONTAINERS }, (_, i) => {
  const hosts = Array.from({ length: HOSTS_EACH }, (_, k) => hostOf(i % SERVICES, k));
  const entry = makeEntry({
    id: i.toString(16).padStart(12, '0'),
    name: `c${i}`,
    labels: { 'fairlead.host': hosts.join(','), 'fairlead.service': `s${i % SERVICES}` },
    address: `127.1.${i >> 8}.${i & 255}`,
  });
  return { ...entry, Ports: [{ PrivatePort: PORT, Type: 'tcp' }] } as Entry;
});
const [first] = entries as [Entry];
let isFirstUp = true;
let events: ServerResponse | undefined;

const engine = createHttpServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://engine');
  const send = (value: unknown) => response.end(JSON.stringify(value));
  response.setHeader('content-type', 'application/json');
  if (url.pathname.endsWith('/version'))
    send({ Version: '28.0.0', ApiVersion: '1.48', MinAPIVersion: '1.24' });
  else if (url.pathname.endsWith('/networks')) send([{ Id: 'net-bridge', Driver: 'bridge' }]);
  else if (url.pathname.endsWith('/containers/json')) send(listed(url.searchParams.get('filters')));
  else if (url.pathname.endsWith('/events')) {
    events = response;
    response.flushHeaders();
  } else send({ Config: {} });
});

function listed(filters: string | null): Entry[] {
  const ids: string[] | undefined = filters === null ? undefined : JSON.parse(filters).id;
  const up = isFirstUp ? entries : entries.slice(1);
  return ids === undefined ? up : up.filter(({ Id }) => ids.includes(Id));
}

process.on('message', (action: 'start' | 'stop') => {
  isFirstUp = action === 'start';
  const event = { Type: 'container', Action: isFirstUp ? 'start' : 'destroy', Actor: { ID: first.Id } };
  events?.write(`${JSON.stringify(event)}\n`);
});

const backend = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
});
backend.listen({ host: '0.0.0.0', port: PORT, backlog: 4_096 }, () => {
  engine.listen(process.argv[2], () => process.send?.('ready'));
});
