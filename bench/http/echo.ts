// The backend of WebSockets: sends every message back.
import { WebSocketServer } from 'ws';
import { ECHO_PORT } from './ports.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: ECHO_PORT, perMessageDeflate: false });
server.on('connection', (socket) =>
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
);
