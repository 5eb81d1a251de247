import { statSync } from 'node:fs';

/** The Engine answered with an error status. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly statusCode: number;
  /** The path of the question without API version and query, such as `/containers/json`. */
  readonly question: string;
  /** The reason in the answer. */
  readonly reason: string;

  constructor(statusCode: number, path: string, reason: string) {
    super(`HTTP ${statusCode}: ${reason}`);
    this.reason = reason;
    this.statusCode = statusCode;
    this.question = path.replace(/\?.*$/s, '').replace(/^\/v[\d.]+(?=\/)/, '');
  }
}

/** Explains in a sentence why an Engine does not answer, and what to do about it. */
export function explainEngineError(error: unknown, endpoint: string): string {
  if (error instanceof EngineRefusal) return explainRefusal(error, endpoint);
  const { code = '', message, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return `${endpoint} did not answer in time`;
  const path = endpoint.startsWith('unix://') ? endpoint.slice('unix://'.length) : undefined;
  // Without root the error is a missing permission, so this is checked first.
  if (path !== undefined && isFolder(path))
    return `${path} is a folder: Docker makes one where -v names a socket that is not there`;
  switch (code) {
    case 'ENOENT':
      return `there is no ${endpoint}: is Docker running, and its socket mounted?`;
    case 'ECONNREFUSED':
      return `nobody answers at ${endpoint}: is Docker running?`;
    case 'EACCES':
    case 'EPERM':
      return `no permission for ${endpoint}: the user ${process.getuid?.() ?? ''} must be in its group (docker run --group-add $(stat -c %g ${path ?? 'SOCKET'}), usermod -aG docker USER)`;
    case 'ECONNRESET':
      return `the connection to ${endpoint} broke`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host of ${endpoint} is not known: is it spelled right, and on a network of Fairlead?`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `no way leads to ${endpoint} (${code}): is it on a network of Fairlead, or a firewall between?`;
    default:
      return explainProtocol(code, endpoint) ?? (message || code || String(error));
  }
}

/** Explains errors of TLS and HTTP, which mean that another protocol is spoken there; undefined for other errors. */
function explainProtocol(code: string, endpoint: string): string | undefined {
  if (code.startsWith('HPE_'))
    return `${endpoint} does not answer in HTTP (${code}): is that a Docker Engine? If it wants TLS, --docker-certs names the certificates`;
  if (
    code === 'EPROTO' ||
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG'
  )
    return `${endpoint} does not speak TLS, as --docker-certs wants: name the port that does (2376), or leave --docker-certs out`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `the certificate of ${endpoint} is not valid now (${code})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate of ${endpoint} is for other names: ask it by one of those, or make one for this`;
  if (/SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_(?:SIGNATURE|UNTRUSTED)/.test(code))
    return `the certificate of ${endpoint} is not one of ca.pem in --docker-certs (${code})`;
  if (code.startsWith('ERR_SSL_') && code.includes('ALERT'))
    return `${endpoint} does not accept the certificate, cert.pem in --docker-certs (${code})`;
  return undefined;
}

function explainRefusal({ statusCode, question, reason }: EngineRefusal, endpoint: string): string {
  const answers = `${endpoint} answers ${statusCode} to ${question}`;
  if (/HTTP request to an HTTPS server/i.test(reason))
    return `${endpoint} speaks TLS: --docker-certs names the folder with ca.pem, cert.pem and key.pem`;
  if (statusCode === 401 || statusCode === 403)
    return `${answers}: what stands before the Engine must let GET of /version, /events, /networks and /containers/json through, as config/docker-filter.cfg does`;
  if (statusCode === 404 || (statusCode >= 300 && statusCode < 400))
    return `${answers}: is that a Docker Engine?`;
  if (statusCode === 502 || statusCode === 503)
    return `${answers}: what stands before the Engine does not reach it`;
  return reason === '' ? answers : `${answers}: ${reason}`;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
