import type { Test } from 'tap';
import { connectRaw } from './client.ts';
import { eventually } from './eventually.ts';
import type { ManualBackend } from './manual.ts';
import type { TestProxy } from './proxy.ts';

/** A client, the first of a proxy, that resets its connection before its answer; resolves when the proxy knows it. */
export async function leaveEarly(t: Test, proxy: TestProxy, backend: ManualBackend): Promise<void> {
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  await backend.head(0);
  client.socket.resetAndDestroy();
  await eventually('is it known to be gone?', () => proxy.entries.length === 1);
}
