import { ProxyError } from '../errors.ts';

const TLS = new ProxyError('tls-hello', 'a client speaks TLS to the http port');
const HTTP2 = new ProxyError('http2-preface', 'a client speaks HTTP/2 without having asked whether it may');

/** The beginning of a TLS record with a handshake (RFC 8446, section 5.1), or as much of it as has come. */
const TLS_HANDSHAKE = /^\x16(?:\x03|$)/;
/** The first line of HTTP/2's preface (RFC 9113, section 3.4). */
const PREFACE = 'PRI * HTTP/2.0';

/** The error of a first line that another protocol than HTTP/1 begins with; undefined when it is of none that we know. */
export function otherProtocol(line: string): ProxyError | undefined {
  if (line === PREFACE) return HTTP2;
  return TLS_HANDSHAKE.test(line) ? TLS : undefined;
}
