import type { IncomingMessage } from 'node:http';
import { ADMIN_STATES, type AdminState, type BackendOrder, type OrderedBackend } from '../model/admin.ts';

/** Carries out a person's order about backends; returns the backends that it applied to. */
export type OrderBackend = (subject: string, order: BackendOrder) => readonly OrderedBackend[];

export interface OrderAnswer {
  readonly status: number;
  readonly body: object;
}

/** The largest body of an order, in bytes: far more than one needs. */
const MAX_BODY = 4_096;

const refuse = (status: number, error: string): OrderAnswer => ({ status, body: { error } });

/**
 * Answers `POST /api/backends` with `{"backend": "web-1", "state": "drain"}` or `{"backend": "web-1", "weight": 3}`. The body
 * must be JSON, which no form of another site can send without a preflight request.
 */
export async function takeOrder(request: IncomingMessage, order: OrderBackend): Promise<OrderAnswer> {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') return refuse(415, 'an order is application/json');
  const text = await readBody(request);
  if (text === undefined) return refuse(413, `an order has at most ${MAX_BODY} bytes`);
  const parsed = parseOrder(text);
  if (typeof parsed === 'string') return refuse(400, parsed);
  const backends = order(parsed.backend, parsed.order);
  if (backends.length === 0) return refuse(404, `there is no backend ${parsed.backend}`);
  return { status: 200, body: { backends } };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Parses an order; returns a sentence if something is wrong with it. */
function parseOrder(text: string): { backend: string; order: BackendOrder } | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'that is no JSON';
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'an order is an object';
  const { backend, state, weight, ...rest } = parsed as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `${unknown} is not a field of an order: backend, state, weight`;
  if (typeof backend !== 'string' || backend === '') return 'backend wants the name of one';
  if (state === undefined && weight === undefined) return 'an order says a state or a weight';
  if (state !== undefined && !isState(state)) return `state wants one of ${ADMIN_STATES.join(', ')}`;
  if (weight !== undefined && !isWeight(weight))
    return 'weight wants a whole number from 0 to 256, or "default"';
  return {
    backend,
    order: { ...(state !== undefined && { state }), ...(weight !== undefined && { weight }) },
  };
}

function isState(value: unknown): value is AdminState {
  return ADMIN_STATES.some((state) => state === value);
}

function isWeight(value: unknown): value is number | 'default' {
  return value === 'default' || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 256);
}
