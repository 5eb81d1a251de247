// Writes performance.md and performance.svg beside it, of what the benchmarks measured last.
import { writeFileSync } from 'node:fs';
import type { HttpResults } from '../bench/http/results.ts';
import type { MemoryResults } from '../bench/memory/results.ts';
import { caseTable, goalTable, overviewChart, overviewTable } from '../bench/report/http.ts';
import { memoryTable, scaleTable } from '../bench/report/scale.ts';
import { readResults } from '../bench/results.ts';
import type { ScaleResults } from '../bench/scale/results.ts';

const INTRODUCTION = `# Performance

This page is made by \`npm run bench\` and its companions of what they measured last. Absolute figures differ
between machines, and between two runs on one; ratios hold better. Measure on your own machine:

<!-- test: skip=they take an hour -->
\`\`\`sh
npm run bench              # proxies side by side: what a request costs each of them; about 18 minutes
npm run bench -- --quick --cases "small GET" --against nginx,haproxy
npm run bench:scale        # many routes, backends and containers
npm run bench:memory       # idle connections, and growth with requests
npm run bench:micro        # the steps of a request
\`\`\`
`;

const METHOD = `### How it is measured

- One proxy at a time, in turns, so that a noisy moment does not fall on one alone; the median of the rounds counts.
- The proxy is pinned to one core and has one worker; load and backend are pinned to another. Every connection asks again
  as soon as it was answered (a closed loop): the latencies are those of a proxy at its limit, or at the load's, and are
  no service levels. A proxy that serves more requests per second has queues of its own making.
- **CPU per request** is the user and system time of the proxy and its children during the measurement, divided by the
  requests. It is what a request costs, whoever was the bottleneck, and the figure to compare.
- All proxies do the same work: round-robin over three backends, connections kept alive on both sides, \`X-Forwarded-For\`,
  \`-Proto\`, \`-Host\`, \`-Port\` and \`X-Real-IP\` set, no access log unless the case says so. Apart from that each has the
  defaults of its authors; none was tuned for a case. nginx buffers its log (\`buffer=64k flush=1s\`), as Fairlead does.
- *bare sockets* is the floor of what public API of the runtime allows: 150 lines on the same sockets, pools and buffers
  as Fairlead's, which only find where messages end and pass on their bytes. No head is checked, nothing is limited,
  timed, counted, logged or tried again ([bench/http/baselines/bare.ts](../bench/http/baselines/bare.ts)).
- *new connection*: every request with \`Connection: close\` on a connection of its own; the backends' are kept.
  *chunked*: a response in chunks. *WebSocket echo*: a request is a message of 64 bytes and its echo.
`;

const SCALE = `## Many routes and containers

10,000 routes over 1,000 services of 5 containers each, of a Docker Engine that is played (\`npm run bench:scale\`). The
requests are 500 a second, each due at its own time.
`;

const SCALE_LEFT = `A snapshot is whole state, but what did not change is the very same value in the next one: each step of a change
compares references and works on the rest ([why](decisions/0013-changes-by-reference.md)). Steps measured alone take about half
a millisecond each for the merge and for the table and states of the data plane; a change of one container is several
snapshots (it leaves, or comes and is then found healthy). With several workers the merge is the supervisor's, and only
what changed travels. The p99 without changes was 9 to 23 ms in runs of the same day, on two cores that load, backends and
the played Engine share: less than that says nothing about a change.

Each check is a connection of its own, since one that is kept would not notice that nobody listens any more. To open and
close it takes the kernel more than half of the share above; on loopback that holds the listener's part, too. Most of the
rest is the runtime's, its socket above all. A check leaves little garbage: with a timer, listeners and options of its own
it cost 1.4 times as much, much of that in the threads of the collector. A reset in place of a proper close was no cheaper.
`;

const MEMORY = `## Memory

Resident memory of the process, without the kernel's buffers (\`npm run bench:memory\`). What an idle connection costs is
told by two full collections: one before the connections are opened, and one when each has been answered once and then left
alone for two seconds. V8's young generation is kept at its least size for that. In a process that has done nothing yet it
grows by some 20 MB as the connections are opened, once and not by how many there are: with it an idle connection seems to
cost twice as much.

With requests the memory holds the steps in which V8 lets its heap grow, by up to 28 MB at once: whether anything is kept of
requests is told by what is alive in the heap after a full collection, whose slope is that of the line of least squares
through a sample each 5 s.
`;

const FLOOR = `### What is left, and why

A small GET is exactly two reads and two writes of a socket, and one \`epoll_pwait\` for dozens of requests; \`strace -c\`
shows no other call per request. Where its time goes, in microseconds: the medians of five rounds in turns, in which HAProxy
cost 19.5, split by the shares that \`perf\` found in either process:

| small GET | Fairlead | bare sockets |
|---|--:|--:|
| kernel, most of it in \`write\`, which on loopback delivers to the other side before it returns | 14.9 | 13.3 |
| runtime: its streams, C++, a buffer for each read of a client | 4.9 | 4.7 |
| the rest: JavaScript, regular expressions and V8's builtins for strings | 3.4 | 0.5 |
| together | 23.2 | 18.5 |

So even what checks nothing is within a tenth of HAProxy (18.1 and 18.2 in another run), and what Fairlead does for a request (two
heads read strictly and written, routing, balancing, counting) has room for one microsecond if it is to cost no more. No step of it
takes more than 2 %. The garbage collector takes less than 1 %, and a larger young generation gains nothing
(23.7 µs with the default, 25.5 with 32 MB, 23.6 with 64 MB). A request leaves 2.1 KB: 0.8 of them in the runtime's two writes,
which make an object each and the text flat, 0.7 of the request (its head, its exchange, its text for the backend), 0.55 of the
response and 0.05 of the runtime's read. An access log adds a line of about a microsecond, and one \`write\` for some 360 of them.

A new connection for each request costs more than with HAProxy and nginx, and so it does with bare sockets: a tenth to a third
more than with HAProxy is the runtime's part, the objects of a socket and the ends of its streams. The rest is the request
itself and what Fairlead keeps of a connection: \`strace -c\` shows the same calls but for four that have the kernel find out
when a client has vanished. With one listening socket in place of sixteen it was 150.7 µs, since the runtime accepts one
connection of each in a turn of its loop.

Of a 1 MB GET 80 to 90 % is the kernel's time, which copies every byte twice and wakes the other side: five reads and five
writes, none of them partial ([why the buffers are as large as they are](decisions/0002-read-buffers.md)). A C program that
only reads and writes what comes, 256 KB at a time, cost 378 µs where Fairlead cost 398, a relay of nothing but \`net\` sockets
421 and HAProxy 754 (medians of eight turns of 1 s; 422, 418, 444 and 570 in another run, with 512 KB for the program in C). So
Fairlead is within a tenth of what reading and writing costs at all; how that compares with HAProxy differs from run to run.
In the turns of the table above it was more; nine rounds after them, of 2 s each, gave 417 for Fairlead, 383 for bare sockets
and 557 for HAProxy. Far below it is only what does not copy: the same program took 258 µs with \`splice\`, which the runtime does not have.

On this machine of two cores, which nothing else used, single rounds differ by a tenth and more: so small a difference means
nothing.
`;

/** The page. */
export function performancePage(): string {
  const parts = [INTRODUCTION];
  const http = readResults<HttpResults>('http');
  if (http !== undefined) parts.push(...httpParts(http));
  const scale = readResults<ScaleResults>('scale');
  if (scale !== undefined) parts.push(SCALE, `${scaleTable(scale)}\n`, SCALE_LEFT);
  const memory = readResults<MemoryResults>('memory');
  if (memory !== undefined) parts.push(MEMORY, `${memoryTable(memory)}\n`);
  return parts.join('\n');
}

function httpParts(results: HttpResults): string[] {
  const { machine, generator, backend, versions } = results;
  const dates = [...new Set(results.cases.map(({ date }) => date))].join(', ');
  const names = Object.entries(versions).map((entry) => entry.join(' '));
  const [{ rounds, seconds } = { rounds: 0, seconds: 0 }] = results.cases;
  return [
    '## What a request costs\n',
    'CPU microseconds per request; in parentheses what Fairlead costs as a multiple of it (below 1 is less).\n',
    `${overviewTable(results)}\n`,
    '![CPU per request beside other proxies](performance.svg)\n',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}, Node.js ${machine.node}, ${dates};`,
    `${names.join(', ')}; load by ${generator}, backend ${backend}; medians of ${rounds} rounds of ${seconds} s.\n`,
    '### Goals\n',
    `${goalTable(results)}\n`,
    FLOOR,
    METHOD,
    '### Every case\n',
    ...results.cases.map((one) => `${one.name}:\n\n${caseTable(one)}\n`),
  ];
}

export function writePerformancePage(): void {
  writeFileSync(new URL('performance.md', import.meta.url), performancePage());
  const http = readResults<HttpResults>('http');
  if (http !== undefined) writeFileSync(new URL('performance.svg', import.meta.url), overviewChart(http));
}

if (import.meta.main) writePerformancePage();
