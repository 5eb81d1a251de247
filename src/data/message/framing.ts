import { CHUNKED } from './head.ts';

/** What is wrong with the lines that frame a body. */
export interface FramingError {
  readonly error: string;
  /** The transfer coding is well-formed, but not implemented here. */
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
 * The length of a body by its framing headers (RFC 9112, section 6.3): bytes or `CHUNKED`. Undefined without such a header.
 * Where the RFC leaves a choice because a message may be understood in two ways, it is an error.
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
  const length = numberOf(contentLength);
  return Number.isSafeInteger(length) ? length : BAD_LENGTH;
}

/** The number that up to 16 digits stand for; else NaN. Every safe integer has at most 16 digits. */
function numberOf(digits: string): number {
  if (digits.length === 0 || digits.length > 16) return Number.NaN;
  let number = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}
