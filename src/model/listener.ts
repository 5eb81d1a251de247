import { type Address, formatAddress } from './address.ts';

/** An address where clients connect, and what is spoken there. */
export interface Listener {
  /** The name of its option, from the second address of the option on with a number: `http`, `http-2`. */
  readonly name: string;
  readonly address: Address;
  /** What clients speak, within TLS if there is any. */
  readonly protocol: 'http';
  /** Whether clients connect with TLS. */
  readonly tls: boolean;
  /** Whether connections begin with a PROXY header, which says who the client is. */
  readonly proxyProtocol: boolean;
}

export type Scheme = 'http' | 'https';

/** The ports that nobody has to write in a URL (RFC 9110, sections 4.2.1 and 4.2.2). */
const DEFAULT_PORTS: Readonly<Record<Scheme, string>> = { http: '80', https: '443' };

/** The scheme of the URLs that lead to a listener. */
export function schemeOf({ tls }: Pick<Listener, 'tls'>): Scheme {
  return tls ? 'https' : 'http';
}

/** The port of a URL without one; of a scheme that is neither, that of http. */
export function defaultPort(scheme: string): string {
  return scheme === 'https' ? DEFAULT_PORTS.https : DEFAULT_PORTS.http;
}

/** A listener without PROXY headers for each address that an option names. */
export function listenersAt(option: string, addresses: readonly Address[], tls: boolean): Listener[] {
  return addresses.map((address, i) =>
    Object.freeze({
      name: i === 0 ? option : `${option}-${i + 1}`,
      address,
      protocol: 'http',
      tls,
      proxyProtocol: false,
    }),
  );
}

/** The option that names the address of a listener. */
export function optionOf({ name }: Pick<Listener, 'name'>): string {
  return name.replace(/-\d+$/, '');
}

/** The listener with the address that it was bound to, whose port is known even if any was asked for. */
export function boundTo(listener: Listener, address: Address): Listener {
  return Object.freeze({ ...listener, address });
}

/** Writes where clients connect: the address of a single listener, or several with their names. */
export function formatListeners(listeners: readonly Listener[]): string {
  if (listeners.length === 1) return formatAddress((listeners[0] as Listener).address);
  return listeners.map(({ name, address }) => `${formatAddress(address)} (${name})`).join(' and ');
}
