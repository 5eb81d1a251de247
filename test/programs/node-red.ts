import t from 'tap';
import { WebSocket } from 'ws';
import { pageInBrowser } from './support/browser.ts';
import { startProgram, TRIAL_MS } from './support/program.ts';

t.setTimeout(TRIAL_MS);

t.test('Node-RED deploys a flow, and its editor stays connected', { timeout: TRIAL_MS }, async (t) => {
  const program = await startProgram(t, { name: 'node-red', images: {}, host: 'flows.localhost' });
  const socket = new WebSocket(`ws://127.0.0.1:${program.port}/comms`, {
    headers: { host: `flows.localhost:${program.port}`, origin: program.url },
  });
  const heard: string[] = [];
  socket.on('message', (data) => heard.push(String(data)));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  socket.send(JSON.stringify({ subscribe: 'notification/#' }));
  const flow = [
    { id: 't', type: 'tab', label: 'trial' },
    { id: 'a', z: 't', type: 'http in', url: '/hello', method: 'get', wires: [['b']] },
    {
      id: 'b',
      z: 't',
      type: 'change',
      rules: [{ t: 'set', p: 'payload', to: 'from a flow' }],
      wires: [['c']],
    },
    { id: 'c', z: 't', type: 'http response', wires: [] },
  ];
  const headers = { 'content-type': 'application/json' };
  const deployed = await program.ask('/flows', { method: 'POST', headers, body: JSON.stringify(flow) });
  t.match(deployed, { status: 204 });
  t.match(await program.ask('/hello'), { status: 200, body: 'from a flow' });
  t.match(heard.join(), /notification/, 'the editor is told over its WebSocket');
  socket.close();
  const page = await pageInBrowser(program.url, 30);
  t.match(page, /red-ui-workspace/);
  t.notMatch(page, /Lost connection to server/);
});
