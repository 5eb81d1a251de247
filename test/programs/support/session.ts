import type { Answer, AskOptions } from '../../support/client.ts';
import type { Program } from './program.ts';

/** A browser's memory: the cookies that it was given. */
export class Session {
  readonly #program: Program;
  readonly #cookies = new Map<string, string>();

  constructor(program: Program) {
    this.#program = program;
  }

  async ask(path: string, options: AskOptions = {}): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...options.headers, ...(cookie !== '' && { cookie }) };
    const answer = await this.#program.ask(path, { ...options, headers });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return answer;
  }

  /** Sends what a form of HTML would. */
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.ask(path, { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
  }
}
