/** Where something listens. */
export interface Address {
  /** A name, an IPv4 or an IPv6 address; never in brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with the brackets that an IPv6 address needs (RFC 3986, section 3.2.2). */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** What listens there is reached by every address of the machine. */
export function isEverywhere(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}

/** Listening failed because the machine has no IPv6: every address is then every IPv4 address. */
export function isWithoutIpv6({ host }: Address, code: string | undefined): boolean {
  return host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL');
}

/** A sentence for people: why an address cannot be listened on, by the code of the error. */
export function whyNotListening(address: Address, code: string | undefined): string {
  return `cannot listen on ${formatAddress(address)}: ${explainCode(code)}`;
}

function explainCode(code: string | undefined): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process listens there';
    case 'EACCES':
      return 'ports below 1024 need more rights';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address';
    default:
      return code ?? 'unknown error';
  }
}
