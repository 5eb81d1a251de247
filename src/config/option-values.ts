import { parseInteger, parseSize, ValueError } from '../model/parse-values.ts';

/** Each throws a `ValueError`. */

export function isOff(text: string): boolean {
  return text === 'off' || text === 'false';
}

/** For clients that name nobody, or somebody without a certificate. */
export type DefaultCertificate = 'internal' | 'none' | { readonly file: string };

export function parseDefaultCertificate(text: string): DefaultCertificate {
  const word = text.toLowerCase();
  return word === 'internal' || word === 'none' ? word : { file: parsePath(text) };
}

export function parsePath(text: string): string {
  if (text === '') throw new ValueError('wants the path of a file or folder');
  return text;
}

export function parseToken(text: string): string {
  // Of more than one line no header can be made; most likely it is another file.
  if (/[\p{Cc}]/u.test(text)) throw new ValueError('wants one line of text');
  if (text.length < 16)
    throw new ValueError('wants at least 16 characters (such as those of: openssl rand -hex 24)');
  return text;
}

export const parseWorkerCount = parseInteger(1, 256);

const parseHeaderSizeBytes = parseInteger(1_024, 65_536);
export function parseHeaderSize(text: string): number {
  return parseHeaderSizeBytes(String(parseSize(text)));
}
