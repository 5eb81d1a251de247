import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
} from '@peculiar/asn1-x509';

/** ecdsa-with-SHA256 (RFC 5758, section 3.2). */
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';

/** Whoever signs: the common name of its certificate, and its private key. */
export interface Signer {
  readonly name: string;
  readonly key: KeyObject;
}

/** What a certificate is to say (RFC 5280). */
export type CertificateRequest = {
  readonly publicKey: KeyObject;
  /** In milliseconds since the epoch; seconds count. */
  readonly notBefore: number;
  readonly notAfter: number;
} & (
  | {
      readonly kind: 'authority';
      /** Its common name. */
      readonly name: string;
      /** How many authorities may stand below it. */
      readonly pathLength: number;
      /** Nothing else may be certified below it: DNS names with all below them, and networks as CIDR. */
      readonly constraints?: { readonly names: readonly string[]; readonly networks: readonly string[] };
    }
  | {
      readonly kind: 'server';
      /** DNS names and addresses. */
      readonly names: readonly string[];
    }
);

/** A key pair on the curve P-256, whose signatures cost a twentieth of RSA's. */
export function makeKey(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** A certificate as PEM, signed with ECDSA and SHA-256. */
export function signCertificate(request: CertificateRequest, signer: Signer): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_SHA256 });
  const tbs = new TBSCertificate({
    version: 2,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: nameOf(signer.name),
    validity: new Validity({
      notBefore: inSeconds(request.notBefore),
      notAfter: inSeconds(request.notAfter),
    }),
    // A server's names stand in an extension alone: what is here is read in too many ways.
    subject: request.kind === 'authority' ? nameOf(request.name) : new Name(),
    subjectPublicKeyInfo: AsnConvert.parse(spkiOf(request.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(extensionsOf(request, signer)),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbs)), signer.key);
  const signatureValue = new Uint8Array(signature).buffer;
  const der = AsnConvert.serialize(
    new Certificate({ tbsCertificate: tbs, signatureAlgorithm: algorithm, signatureValue }),
  );
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extensionsOf(request: CertificateRequest, signer: Signer): Extension[] {
  const common = [
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId(request.publicKey))),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyId(createPublicKey(signer.key))) }),
    ),
  ];
  const forServers = extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth]));
  if (request.kind === 'server') {
    const names = new SubjectAlternativeName(request.names.map(generalName));
    return [
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      forServers,
      ...common,
      // Critical, since the subject is empty (RFC 5280, section 4.2.1.6).
      extension(id_ce_subjectAltName, names, true),
    ];
  }
  const { pathLength, constraints } = request;
  return [
    extension(
      id_ce_basicConstraints,
      new BasicConstraints({ cA: true, pathLenConstraint: pathLength }),
      true,
    ),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
    ...(constraints === undefined
      ? [forServers]
      : [extension(id_ce_nameConstraints, limit(constraints), true)]),
    ...common,
  ];
}

/** Critical or not, in DER. */
function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function limit({
  names,
  networks,
}: {
  names: readonly string[];
  networks: readonly string[];
}): NameConstraints {
  const bases = [
    ...names.map((dNSName) => new GeneralName({ dNSName })),
    ...networks.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  const permittedSubtrees = new GeneralSubtrees(bases.map((base) => new GeneralSubtree({ base })));
  return new NameConstraints({ permittedSubtrees });
}

function generalName(name: string): GeneralName {
  const isAddress = name.includes(':') || /^[\d.]+$/.test(name);
  return new GeneralName(isAddress ? { iPAddress: name } : { dNSName: name });
}

function nameOf(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

/** 16 bytes of chance that are a positive number. */
function serialNumber(): ArrayBuffer {
  const bytes = new Uint8Array(randomBytes(16));
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.buffer;
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** A name of a key (RFC 7093, section 2, method 4). */
function keyId(key: KeyObject): ArrayBuffer {
  return new Uint8Array(createHash('sha256').update(spkiOf(key)).digest().subarray(0, 20)).buffer;
}

function inSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1_000) * 1_000);
}
