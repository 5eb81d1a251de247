import { Agent, request } from 'undici';

export interface LoadOptions {
  readonly host: string;
  /** Requests in a second. */
  readonly rate: number;
  readonly path?: string;
  readonly method?: 'GET' | 'POST';
  /** Most connections; as many as it needs without it, since no client of the world waits for another. */
  readonly connections?: number;
}

/** What became of one request. */
export interface Outcome {
  /** Sent as `X-Load-Id`; the backends echo it and write it down. */
  readonly id: string;
  /** Milliseconds since the epoch at which it was due. */
  readonly dueAt: number;
  /** From when it was due, so that a generator that was held up hides nothing. */
  readonly latencyMs: number;
  /** Why it was not a whole 200 of a backend; undefined is good. */
  readonly failure?: string;
  /** Who answered. */
  readonly backend?: string;
}

export interface LoadResult {
  readonly sent: number;
  /** What was not a whole 200. */
  readonly failures: readonly string[];
  /** Answers by body. */
  readonly answers: ReadonlyMap<string, number>;
  readonly outcomes: readonly Outcome[];
}

export interface Load {
  /** Resolves when so many requests were sent in all. */
  sent(count: number): Promise<void>;
  /** Sends no more and waits for what is under way. */
  stop(): Promise<LoadResult>;
}

const TICK_MS = 2;
/** After this a client has gone away. */
const PATIENCE_MS = 20_000;

/** An open loop: sends at its rate whether or not answers come, as clients in the world do. */
export function startLoad(origin: string, options: LoadOptions): Load {
  const { rate, connections } = options;
  const limits = { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS, pipelining: 1 };
  const agent = new Agent({ ...limits, ...(connections !== undefined && { connections }) });
  const outcomes: Outcome[] = [];
  const running = new Set<Promise<void>>();
  const started = performance.timeOrigin + performance.now();
  const now = () => performance.timeOrigin + performance.now();
  let sent = 0;
  let wake: (() => void)[] = [];

  const sendOne = async (index: number) => {
    const id = `${options.method ?? 'GET'}-${index}`;
    const dueAt = started + (index * 1_000) / rate;
    const answer = await askOnce(agent, origin, options, id);
    outcomes.push({ id, dueAt, latencyMs: now() - dueAt, ...answer });
  };
  const timer = setInterval(() => {
    const due = Math.floor(((now() - started) / 1_000) * rate);
    for (; sent < due; sent++) {
      const one = sendOne(sent).finally(() => running.delete(one));
      running.add(one);
    }
    for (const waiting of wake.splice(0)) waiting();
  }, TICK_MS);

  return {
    async sent(count) {
      while (sent < count) await new Promise<void>((resolve) => wake.push(resolve));
    },
    async stop() {
      clearInterval(timer);
      wake = [];
      await Promise.all(running);
      await agent.close();
      return { sent, ...summarise(outcomes), outcomes };
    },
  };
}

/** One request; every way in which it fails has a word. */
async function askOnce(
  agent: Agent,
  origin: string,
  { host, path = '/', method = 'GET' }: LoadOptions,
  id: string,
): Promise<Pick<Outcome, 'failure' | 'backend'>> {
  let hasHead = false;
  try {
    const response = await request(`${origin}${path}`, {
      method,
      headers: { host, 'x-load-id': id },
      dispatcher: agent,
      ...(method === 'POST' && { body: 'load' }),
    });
    hasHead = true;
    const body = await response.body.text();
    const { 'x-backend': backend, 'x-load-id': echo } = response.headers;
    if (response.statusCode !== 200) return { failure: String(response.statusCode) };
    if (echo !== id) return { failure: "another request's answer" };
    if (backend !== undefined && backend !== body) return { failure: 'a part as if it were whole' };
    return { backend: body };
  } catch (error) {
    return { failure: failureOf(error, hasHead) };
  }
}

function failureOf(error: unknown, hasHead: boolean): string {
  const { code = String(error) } = error as { code?: string };
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'no connection';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'no answer';
  if (hasHead) return 'cut within the response';
  return code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' ? 'closed without an answer' : code;
}

function summarise(outcomes: readonly Outcome[]): Pick<LoadResult, 'failures' | 'answers'> {
  const failures: string[] = [];
  const answers = new Map<string, number>();
  for (const { failure, backend = '' } of outcomes) {
    if (failure !== undefined) failures.push(failure);
    else answers.set(backend, (answers.get(backend) ?? 0) + 1);
  }
  return { failures, answers };
}
