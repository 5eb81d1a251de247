import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DataFolder } from '../../../src/control/certificates/folder.ts';
import { TicketSecret } from '../../../src/control/certificates/tickets.ts';

const NOW = Date.UTC(2026, 10, 27, 12);
const HOUR = 3_600_000;

async function secretIn(path: string | undefined): Promise<TicketSecret> {
  const secret = new TicketSecret(path === undefined ? undefined : new DataFolder(path));
  await secret.prepare();
  return secret;
}

t.test('all that share a folder have the same secret, also after a restart', async (t) => {
  const path = join(t.testdir({}), 'data');
  const [a, b] = await Promise.all([secretIn(path), secretIn(path)]);
  t.match(a.at(NOW), /^[0-9a-f]{64}$/);
  t.equal(a.at(NOW), b.at(NOW));
  t.equal((await secretIn(path)).at(NOW), a.at(NOW));
  t.equal(statSync(join(path, 'tickets.key')).mode & 0o777, 0o600);
});

t.test('it is another one each twelve hours, at the same time for all', async (t) => {
  const path = join(t.testdir({}), 'data');
  const secret = await secretIn(path);
  t.equal(secret.at(NOW), secret.at(NOW + 12 * HOUR - 1));
  t.not(secret.at(NOW), secret.at(NOW + 12 * HOUR));
  t.equal((await secretIn(path)).at(NOW + 12 * HOUR), secret.at(NOW + 12 * HOUR));
});

t.test('without a folder, or with one that cannot be used, each process has its own', async (t) => {
  const [a, b] = [await secretIn(undefined), await secretIn(undefined)];
  t.not(a.at(NOW), b.at(NOW));
  const path = join(t.testdir({ file: '' }), 'file');
  const secret = new TicketSecret(new DataFolder(path));
  await t.rejects(secret.prepare(), { message: /cannot be/ });
  t.match(secret.at(NOW), /^[0-9a-f]{64}$/);
});

t.test('what is no secret is replaced by one', async (t) => {
  const path = join(t.testdir({}), 'data');
  const before = await secretIn(path);
  writeFileSync(join(path, 'tickets.key'), 'half a sec');
  const after = await secretIn(path);
  t.not(after.at(NOW), before.at(NOW));
  t.equal((await secretIn(path)).at(NOW), after.at(NOW));
});
