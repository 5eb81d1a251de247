import type { RequestCase, ResponseCase } from '../case.ts';
import { CHUNK_CASES, EXTENSION_CASES, TRAILER_CASES } from './requests/chunks.ts';
import { CODING_CASES } from './requests/coding.ts';
import { LENGTH_CASES } from './requests/length.ts';
import { RESPONSE_FRAMING_CASES } from './responses/framing.ts';

/** What clients send. */
export const REQUEST_CASES: readonly RequestCase[] = [
  ...LENGTH_CASES,
  ...CODING_CASES,
  ...CHUNK_CASES,
  ...EXTENSION_CASES,
  ...TRAILER_CASES,
];

/** What backends answer. */
export const RESPONSE_CASES: readonly ResponseCase[] = [...RESPONSE_FRAMING_CASES];
