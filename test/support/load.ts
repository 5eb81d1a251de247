import { Agent, request } from 'undici';

export interface LoadOptions {
  readonly host: string;
  /** Requests in a second. */
  readonly rate: number;
  readonly path?: string;
  readonly method?: 'GET' | 'POST';
}

export interface LoadResult {
  readonly sent: number;
  /** What was not a whole 200. */
  readonly failures: readonly string[];
  /** Answers by body. */
  readonly answers: ReadonlyMap<string, number>;
}

export interface Load {
  /** Resolves when so many requests were sent in all. */
  sent(count: number): Promise<void>;
  /** Sends no more and waits for what is under way. */
  stop(): Promise<LoadResult>;
}

const TICK_MS = 10;

/** An open loop: sends at its rate whether or not answers come, as clients in the world do. */
export function startLoad(origin: string, options: LoadOptions): Load {
  const { host, rate, path = '/', method = 'GET' } = options;
  const agent = new Agent({ connections: 256, pipelining: 1 });
  const failures: string[] = [];
  const answers = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const started = performance.now();
  let sent = 0;
  let wake: (() => void)[] = [];

  const sendOne = async () => {
    try {
      const response = await request(`${origin}${path}`, {
        method,
        headers: { host },
        dispatcher: agent,
        ...(method === 'POST' && { body: 'load' }),
      });
      const body = await response.body.text();
      if (response.statusCode !== 200) failures.push(`${response.statusCode} ${body}`);
      else answers.set(body, (answers.get(body) ?? 0) + 1);
    } catch (error) {
      failures.push(String(error));
    }
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1_000) * rate);
    for (; sent < due; sent++) {
      const one = sendOne().finally(() => running.delete(one));
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
      return { sent, failures, answers };
    },
  };
}
