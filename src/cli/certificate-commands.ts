import { ASKS, type Command, MISTAKE } from './command.ts';

/** How systems and browsers come to trust a root, by what they are. */
export const TRUST: readonly (readonly [system: string, command: string])[] = [
  [
    'Debian, Ubuntu, Alpine',
    'fairlead ca | sudo tee /usr/local/share/ca-certificates/fairlead.crt && sudo update-ca-certificates',
  ],
  [
    'Fedora, RHEL',
    'fairlead ca | sudo tee /etc/pki/ca-trust/source/anchors/fairlead.pem && sudo update-ca-trust',
  ],
  ['Arch', 'fairlead ca > root.pem && sudo trust anchor root.pem'],
  [
    'macOS',
    'fairlead ca > root.pem && sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain root.pem',
  ],
  ['Windows', 'fairlead ca > root.pem && certutil -addstore -f Root root.pem'],
  [
    'Chromium on Linux',
    'fairlead ca > root.pem && certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Fairlead -i root.pem',
  ],
  ['Firefox', 'Settings, Certificates, Authorities, Import'],
  ['curl, for one request', 'fairlead ca > root.pem && curl --cacert root.pem https://localhost/'],
];

export const CERTIFICATES: Command = {
  name: 'certificates',
  usage: '[--json] [OPTIONS]',
  doc: 'Print what certificates there are: from whom, until when, and what is missing',
  about: [
    'Hosts without a certificate are among them, with the reason. A certificate whose file was spoilt stays in effect, with what is wrong beside it.',
  ],
  flags: [
    { name: 'json', doc: 'For programs: one document, with what `status --json` has in `certificates`' },
  ],
  options: ASKS,
  examples: [
    ['certificates', 'all there are'],
    ['certificates --json', 'for programs such as jq'],
  ],
  exits: [[0, 'it was printed'], [1, 'no Fairlead answers, or it refuses'], MISTAKE],
  load: async () => (await import('./certificates.ts')).certificates,
};

export const CA: Command = {
  name: 'ca',
  usage: '[OPTIONS]',
  doc: 'Print the root of the internal authority, to be trusted where https is tried out',
  about: [
    'The internal authority signs for what no public one does, such as localhost, *.localhost, *.internal, *.home.arpa and private addresses. Its root can sign for nothing else, so that a stolen key is of no use elsewhere. Fairlead changes no system: what it takes to trust the root is also told on standard error.',
  ],
  details: ['To trust it:', '', '| | |', '|---|---|', ...TRUST.map(([system, how]) => trustRow(system, how))],
  options: ASKS,
  examples: [
    ['ca > root.pem', 'a file to import'],
    [
      'ca | sudo tee /usr/local/share/ca-certificates/fairlead.crt',
      'in Debian, then: sudo update-ca-certificates',
    ],
  ],
  exits: [[0, 'it was printed'], [1, 'no Fairlead answers, or it has no internal authority'], MISTAKE],
  load: async () => (await import('./ca.ts')).ca,
};

function trustRow(system: string, how: string): string {
  const isCommand = how.startsWith('fairlead ');
  const cell = how.replaceAll('|', '\\|');
  return `| ${system} | ${isCommand ? `\`${cell}\`` : cell} |`;
}
