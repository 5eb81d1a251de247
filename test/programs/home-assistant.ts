import t from 'tap';
import { WebSocket } from 'ws';
import { fileOfPage } from './support/page.ts';
import { startProgram, TRIAL_MS } from './support/program.ts';

t.setTimeout(TRIAL_MS);
const place = { host: 'home.localhost', path: '/manifest.json', startMs: 300_000 };

t.test(
  'Home Assistant answers once it trusts Fairlead, on its WebSocket, too',
  { timeout: TRIAL_MS },
  async (t) => {
    const files = { 'configuration.yaml': fileOfPage('configuration.yaml') };
    const program = await startProgram(t, { name: 'home-assistant', images: {}, ...place, files });
    const socket = new WebSocket(`ws://127.0.0.1:${program.port}/api/websocket`, {
      headers: { host: `home.localhost:${program.port}` },
    });
    const first = await new Promise((resolve, reject) => socket.on('message', resolve).on('error', reject));
    t.match(JSON.parse(String(first)), { type: 'auth_required' });
    socket.close();
  },
);
