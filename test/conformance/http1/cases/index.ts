import type { RequestCase, ResponseCase } from '../case.ts';
import { CHUNK_CASES, EXTENSION_CASES, TRAILER_CASES } from './requests/chunks.ts';
import { CODING_CASES } from './requests/coding.ts';
import { FOLDING_CASES, NAME_CASES, UNDERSCORE_CASES, VALUE_CASES } from './requests/fields.ts';
import { CONNECTION_CASES, EXPECT_CASES, HOP_CASES, UPGRADE_CASES } from './requests/hops.ts';
import { HOST_CASES, TARGET_CASES } from './requests/host.ts';
import { LENGTH_CASES } from './requests/length.ts';
import { LINE_END_CASES, METHOD_CASES, REQUEST_LINE_CASES } from './requests/lines.ts';
import { PATH_CASES, PIPELINE_CASES } from './requests/paths.ts';
import { RESPONSE_CHUNK_CASES } from './responses/chunks.ts';
import { BROKEN_INTERIM_CASES, EARLY_CASES, INTERIM_CASES, VERSION_CASES } from './responses/exchanges.ts';
import { ENDING_CASES, NO_BODY_CASES, RESPONSE_FRAMING_CASES, SURPLUS_CASES } from './responses/framing.ts';
import { RESPONSE_FIELD_CASES, STATUS_LINE_CASES } from './responses/heads.ts';

/** What clients send. */
export const REQUEST_CASES: readonly RequestCase[] = [
  ...LENGTH_CASES,
  ...CODING_CASES,
  ...CHUNK_CASES,
  ...EXTENSION_CASES,
  ...TRAILER_CASES,
  ...LINE_END_CASES,
  ...REQUEST_LINE_CASES,
  ...METHOD_CASES,
  ...TARGET_CASES,
  ...HOST_CASES,
  ...PATH_CASES,
  ...NAME_CASES,
  ...VALUE_CASES,
  ...FOLDING_CASES,
  ...UNDERSCORE_CASES,
  ...CONNECTION_CASES,
  ...HOP_CASES,
  ...UPGRADE_CASES,
  ...EXPECT_CASES,
  ...PIPELINE_CASES,
];

/** What backends answer. */
export const RESPONSE_CASES: readonly ResponseCase[] = [
  ...STATUS_LINE_CASES,
  ...RESPONSE_FIELD_CASES,
  ...RESPONSE_FRAMING_CASES,
  ...NO_BODY_CASES,
  ...RESPONSE_CHUNK_CASES,
  ...ENDING_CASES,
  ...SURPLUS_CASES,
  ...INTERIM_CASES,
  ...BROKEN_INTERIM_CASES,
  ...VERSION_CASES,
  ...EARLY_CASES,
];
