import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readSlowly } from '../support/slow-reader.ts';

const [LINES, OUTPUT] = ['workers/log-relay.ts', 'telemetry/output.ts'].map((file) =>
  fileURLToPath(new URL(`../../src/${file}`, import.meta.url)),
);

/** Runs a program that gathers the lines of others, and answers what it wrote, read slowly. */
function gather(program: string): Promise<string> {
  return readSlowly(`import { relayLines } from ${JSON.stringify(LINES)};
    import { drainOutputs, outputOf } from ${JSON.stringify(OUTPUT)};
    import { PassThrough } from 'node:stream';
    const take = (stream) => relayLines(stream, outputOf(1), 'access');
    ${program}
    await drainOutputs();
    process.exit();`);
}

t.test('lines that come in pieces from several come out whole, whatever their length', async (t) => {
  const written = await gather(`
    const streams = ['a', 'b', 'c'].map(() => new PassThrough());
    for (const stream of streams) take(stream);
    await Promise.all(streams.map(async (stream, writer) => {
      let text = '';
      for (let i = 0; i < 200; i++) text += JSON.stringify({ writer, i, pad: 'x'.repeat((i * 97) % 9000) }) + '\\n';
      // Nobody's pieces end where lines do.
      for (let at = 0; at < text.length; at += 5000) {
        stream.write(text.slice(at, at + 5000));
        await new Promise(setImmediate);
      }
    }));
    await new Promise((resolve) => setTimeout(resolve, 300));`);
  const entries = written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.equal(entries.length, 600);
  for (const writer of [0, 1, 2]) {
    const own = entries.filter((entry) => entry.writer === writer).map(({ i }) => i);
    t.strictSame(own, [...Array(200).keys()], 'and those of one in their order');
  }
});

t.test('what somebody wrote of a line before it died is left out', async (t) => {
  const written = await gather(`
    const [dying, other] = [new PassThrough(), new PassThrough()];
    for (const stream of [dying, other]) take(stream);
    dying.end('whole\\nhalf');
    await new Promise(setImmediate);
    other.end('whole too\\n');
    await new Promise(setImmediate);`);
  t.equal(written, 'whole\nwhole too\n');
});
