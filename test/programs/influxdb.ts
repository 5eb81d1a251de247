import { gzipSync } from 'node:zlib';
import t from 'tap';
import { startProgram, TRIAL_MS } from './support/program.ts';

t.setTimeout(TRIAL_MS);

t.test('InfluxDB takes gzipped batches and streams what it is asked', { timeout: TRIAL_MS }, async (t) => {
  const place = { host: 'influx.localhost', path: '/ping' };
  const program = await startProgram(t, { name: 'influxdb', images: {}, ...place });
  t.match(await program.ask('/ping'), { status: 204, headers: { 'x-influxdb-version': /./ } });
  const created = await program.ask('/query?q=CREATE+DATABASE+shop', { method: 'POST' });
  t.match(created, { status: 200 });
  const lines = Array.from(
    { length: 100_000 },
    (_, at) => `load,host=h${at % 10} value=${at} ${1e9 * (at + 1)}`,
  );
  const body = gzipSync(lines.join('\n'));
  const headers = { 'content-encoding': 'gzip' };
  t.match(await program.ask('/write?db=shop', { method: 'POST', headers, body }), { status: 204 });
  t.match(await program.ask('/query?db=shop&q=SELECT+COUNT(value)+FROM+load'), {
    status: 200,
    body: /100000/,
  });
  const all = await program.ask('/query?db=shop&chunked=true&q=SELECT+*+FROM+load');
  t.match(all, { status: 200, headers: { 'transfer-encoding': 'chunked' } });
  t.equal(all.body.match(/"h\d"/g)?.length, 100_000);
});
