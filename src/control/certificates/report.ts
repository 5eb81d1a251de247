import type { CertificateInfo } from '../../model/certificate.ts';
import { type KeyPair, type Keyring, pairFor } from '../../model/keyring.ts';
import { listFew } from '../../model/text.ts';
import { renewalAt } from './due.ts';
import { certifiedName } from './names.ts';
import type { OwnPair } from './own-files.ts';
import type { Missing } from './wanted.ts';

/** What people may know of pairs: everything but the keys and the certificates themselves. */
function shown({ names, source, issuer, notBefore, notAfter, isPublic }: KeyPair) {
  return { names, source, issuer, notBefore, notAfter, isPublic };
}

/**
 * All certificates and all hosts without one, in the order of their names.
 * @param error what keeps the internal authority from its work
 */
export function reportOf(
  own: readonly OwnPair[],
  internal: readonly KeyPair[],
  missing: readonly Missing[],
  error: string | undefined,
): CertificateInfo[] {
  const rows: CertificateInfo[] = [
    ...own.map(({ path: file, pair, error }) => ({
      ...shown(pair),
      file,
      why: 'whoever puts the file there renews it',
      ...(error !== undefined && { error }),
    })),
    ...internal.map((pair) => ({
      ...shown(pair),
      renewalAt: renewalAt(pair),
      why: 'half of its life is left then',
      ...(error !== undefined && { error }),
    })),
    ...missing.map(({ host, why }) => ({ names: [host], source: 'none' as const, why })),
  ];
  return rows.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : Number(nameOf(a) > nameOf(b))));
}

function nameOf({ names: [first = ''] }: CertificateInfo): string {
  return first;
}

/**
 * What somebody is shown who asks for a host by https, as a line for people.
 * @param routedBy the host of its route, such as a wildcard
 */
export function describeFor(
  host: string,
  routedBy: string | undefined,
  keyring: Keyring,
  report: readonly CertificateInfo[],
): string {
  const name = certifiedName(host) ?? host;
  const pair = pairFor(keyring, name);
  if (pair !== undefined) return `certificate: ${describe(pair, report)}`;
  const missing = report.find(({ names, source }) => source === 'none' && names[0] === routedBy);
  const none = `no certificate: ${missing?.why ?? (routedBy === undefined ? 'no route has this host' : 'it is made just now')}`;
  const { fallback } = keyring;
  return fallback === undefined ? none : `${none}; clients get that of ${listFew(fallback.names, 3)}`;
}

function describe(pair: KeyPair, report: readonly CertificateInfo[]): string {
  const { names, source, issuer, notAfter } = pair;
  const row = report.find((one) => one.source === source && one.names === names);
  const from = source === 'internal' ? 'the internal authority' : `${row?.file ?? source}`;
  const renewal =
    row?.renewalAt === undefined ? (row?.why ?? '') : `renewed at ${dateOf(row.renewalAt)}, as ${row.why}`;
  const parts = [
    `${listFew(names, 3)} from ${from} (${issuer})`,
    `until ${dateOf(notAfter)}`,
    renewal,
    ...(row?.error === undefined ? [] : [`last error: ${row.error}`]),
  ];
  return parts.join(', ');
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}
