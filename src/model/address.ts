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

/** 169.254.0.0/16 and fe80::/10 (RFC 3927, RFC 4291): where cloud machines keep their metadata. */
export function isLinkLocal(address: string): boolean {
  // An IPv4 address within an IPv6 one is written with dots or in hexadecimal.
  return /^(?:::ffff:)?169\.254\.|^::ffff:a9fe:|^fe[89ab][0-9a-f]:/i.test(address);
}
