import { CHUNKED } from './head.ts';

/** What is wrong with the lines that frame a body. */
export interface FramingError {
  readonly error: string;
  /** The coding is a known kind that is not implemented, rather than malformed. */
  readonly unsupported?: boolean;
}

const BOTH: FramingError = { error: 'both Content-Length and Transfer-Encoding' };
const CODING_IN_1_0: FramingError = { error: 'Transfer-Encoding in HTTP/1.0' };
const BAD_CODING: FramingError = { error: 'Transfer-Encoding is not exactly chunked' };
const UNSUPPORTED_CODING: FramingError = {
  error: 'only the chunked transfer coding is known',
  unsupported: true,
};
const BAD_LENGTH: FramingError = { error: 'Content-Length is not a number of bytes' };

/**
 * The body's length of its framing headers (RFC 9112, section 6.3, with its choices made: what may be
 * understood in two ways is an error). Undefined when there is no such header.
 */
export function bodyLength(
  contentLength: string | undefined,
  transferEncoding: string | undefined,
  minor: number,
): number | undefined | FramingError {
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return BOTH;
    if (minor === 0) return CODING_IN_1_0;
    if (transferEncoding.toLowerCase() === 'chunked') return CHUNKED;
    return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(transferEncoding) ? UNSUPPORTED_CODING : BAD_CODING;
  }
  if (contentLength === undefined) return undefined;
  // 16 digits hold every safe integer, and no attacker's longer run of zeros is looked at.
  const length = /^[0-9]{1,16}$/.test(contentLength) ? Number(contentLength) : Number.NaN;
  return Number.isSafeInteger(length) ? length : BAD_LENGTH;
}
