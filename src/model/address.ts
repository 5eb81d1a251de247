/** An address that something listens on. */
export interface Address {
  /** A name, an IPv4 or an IPv6 address; never in brackets. */
  readonly host: string;
  readonly port: number;
}

/** Formats an address as `host:port`, with the brackets that IPv6 needs (RFC 3986, section 3.2.2). */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Whether a host to listen on means every address of the machine. */
export function isEverywhere(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}

/** Whether listening on `::` failed because the machine has no IPv6. Then every address means every IPv4 address. */
export function isWithoutIpv6({ host }: Address, code: string | undefined): boolean {
  return host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL');
}

/** Says that an address cannot be listened on; the message is a sentence for people. */
export class ListenError extends Error {
  readonly address: Address;
  /** The name of the listener that was to listen there, or `admin`. */
  readonly listener: string;
  /** The error code of the system, such as `EADDRINUSE`. */
  readonly code: string;

  constructor({ name, address }: { readonly name: string; readonly address: Address }, cause: unknown) {
    const { code = 'unknown error' } = cause as { readonly code?: string };
    super(`cannot listen on ${formatAddress(address)} (${name}): ${explainCode(code, address)}`, { cause });
    this.address = address;
    this.listener = name;
    this.code = code;
  }
}

function explainCode(code: string, { host }: Address): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process listens there';
    case 'EACCES':
      return 'ports below 1024 need more rights';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} is not known here`;
    case 'EAFNOSUPPORT':
      return 'this machine has no IPv6';
    case 'EINVAL':
      return host.startsWith('fe80:') ? 'a link-local address needs its interface: [fe80::1%eth0]' : code;
    default:
      return code;
  }
}
