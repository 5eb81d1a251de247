import { randomUUID } from 'node:crypto';
import t from 'tap';
import { WebSocket } from 'ws';
import { startProgram, TRIAL_MS } from './support/program.ts';

t.setTimeout(TRIAL_MS);

t.test(
  'JupyterLab runs code over its WebSocket and takes a file of 20 MB',
  { timeout: TRIAL_MS },
  async (t) => {
    const env = { JUPYTER_TOKEN: 'a-token-of-the-trial' };
    const place = { host: 'lab.localhost', path: '/api' };
    const program = await startProgram(t, { name: 'jupyter', images: {}, ...place, env });
    const headers = { authorization: `token ${env.JUPYTER_TOKEN}`, 'content-type': 'application/json' };
    t.match(await program.ask('/lab'), { status: 302, headers: { location: /^\/login\?next=/ } });
    const file = JSON.stringify({ type: 'file', format: 'base64', content: 'A'.repeat(28_000_000) });
    t.match(await program.ask('/api/contents/big.bin', { method: 'PUT', headers, body: file }), {
      status: 201,
    });
    const kernel = await program.ask('/api/kernels', { method: 'POST', headers, body: '{}' });
    t.equal(kernel.status, 201);
    const { id } = JSON.parse(kernel.body);
    const open = (origin: string) =>
      new WebSocket(`ws://127.0.0.1:${program.port}/api/kernels/${id}/channels`, {
        headers: { ...headers, host: `lab.localhost:${program.port}`, origin },
      });
    // It compares Origin with Host, which therefore has to arrive as the browser said it.
    const socket = open(program.url);
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    const output = new Promise<string>((resolve) => {
      socket.on('message', (data) => {
        const { msg_type, content } = JSON.parse(String(data));
        if (msg_type === 'stream') resolve(content.text);
      });
    });
    const header = {
      msg_id: randomUUID(),
      session: randomUUID(),
      username: 'u',
      msg_type: 'execute_request',
      version: '5.3',
    };
    const content = { code: 'print(6 * 7)', silent: false, store_history: false };
    socket.send(JSON.stringify({ channel: 'shell', header, parent_header: {}, metadata: {}, content }));
    t.equal(await output, '42\n');
    socket.close();
  },
);
