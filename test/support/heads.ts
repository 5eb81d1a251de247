import { ProxyError } from '../../src/data/errors.ts';
import type { HeadRules } from '../../src/data/message/head.ts';
import { parseRequestHead, RequestHead } from '../../src/data/message/request-head.ts';
import { explainBeginning, mayBeginRequest } from '../../src/data/message/request-line.ts';
import { mayBeginResponse, parseResponseHead, ResponseHead } from '../../src/data/message/response-head.ts';
import { judge } from './codec.ts';

export const RULES: HeadRules = { maxHeaders: 100, keepUnderscores: false };

export interface RequestJudging {
  readonly rules?: Partial<HeadRules>;
  readonly trusted?: boolean;
  readonly maxSize?: number;
}

/** The head of a request, or the status with which it is refused; 0 while more must come. The same for every split. */
export function judgeRequest(text: string, options: RequestJudging = {}): RequestHead | number {
  const rules = { ...RULES, ...options.rules };
  const verdict = judge<RequestHead | ProxyError>(text, {
    maxSize: options.maxSize ?? 16_384,
    mayBegin: mayBeginRequest,
    explain: explainBeginning,
    parse: (bytes, blank) => parseRequestHead(bytes, blank, rules, options.trusted ?? false),
    show: (found) => (typeof found === 'string' ? String(statusOf(found)) : showRequest(found)),
  });
  if (typeof verdict === 'string') return statusOf(verdict);
  return verdict instanceof RequestHead ? verdict : verdict.status;
}

/** The head of a request that must be one. */
export function requestHead(text: string, options: RequestJudging = {}): RequestHead {
  const head = judgeRequest(text, options);
  if (typeof head === 'number') throw new Error(`refused with ${head}: ${JSON.stringify(text)}`);
  return head;
}

/** A GET with these header lines besides Host. */
export function requestWith(lines: readonly string[], options: RequestJudging = {}): RequestHead {
  return requestHead(
    `GET /path HTTP/1.1\r\nHost: test.localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`,
    options,
  );
}

/** The head of a response, or what is wrong with it. */
export function judgeResponse(text: string, method = 'GET', rules: Partial<HeadRules> = {}) {
  const verdict = judge<ResponseHead | ProxyError>(text, {
    maxSize: 16_384,
    mayBegin: mayBeginResponse,
    parse: (bytes, blank) => parseResponseHead(bytes, blank, method, { ...RULES, ...rules }),
    show: (found) => (found instanceof ResponseHead ? showResponse(found) : refusal(found)),
  });
  return verdict instanceof ResponseHead ? verdict : refusal(verdict);
}

/** The head of a response that must be one. */
export function responseHead(text: string, method = 'GET', rules: Partial<HeadRules> = {}): ResponseHead {
  const head = judgeResponse(text, method, rules);
  if (typeof head === 'string') throw new Error(`refused: ${head}: ${JSON.stringify(text)}`);
  return head;
}

/** Whether it is seen in the bytes or in the grammar that it is none. */
function refusal(what: string | ProxyError): string {
  if (what instanceof ProxyError) return what.detail;
  return what === 'malformed' ? 'malformed response head' : what;
}

function statusOf(state: string): number {
  if (state === 'partial') return 0;
  return state === 'too-large' ? 431 : 400;
}

function showRequest(verdict: RequestHead | ProxyError): string {
  if (!(verdict instanceof RequestHead)) return String(verdict.status);
  const { text: _, fieldsStart, fieldsEnd, dropped, ...rest } = verdict;
  return JSON.stringify({ ...rest, fieldsStart, fieldsEnd, dropped, fields: verdict.fields() });
}

function showResponse(verdict: ResponseHead): string {
  const { text: _, ...rest } = verdict;
  return JSON.stringify({ ...rest, fields: verdict.fields() });
}
