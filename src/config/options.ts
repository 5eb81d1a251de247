import { availableParallelism } from 'node:os';
import type { Address } from '../model/address.ts';
import type { AllowRule } from '../model/allow.ts';
import type { ContainerFilter } from '../model/container-filter.ts';
import {
  parseAddress,
  parseBoolean,
  parseChoice,
  parseDuration,
  parseInteger,
  parsePositiveDuration,
  parseSize,
} from '../model/parse-values.ts';
import { parseDockerFilter } from './docker-filter.ts';
import { parseEndpoints, parseRanges } from './endpoints.ts';
import { parseListenAddresses } from './listeners.ts';
import { fixed, live } from './option-spec.ts';
import {
  type DefaultCertificate,
  isOff,
  parseDefaultCertificate,
  parseHeaderSize,
  parsePath,
  parseToken,
  parseWorkerCount,
} from './option-values.ts';
import { parseAllow } from './parse-allow.ts';

/** The table of all options: flags, variables, file keys, `--help` and the reference page are made from it. */
export const OPTIONS = {
  http: fixed<readonly Address[]>({
    value: 'ADDRESSES',
    parse: parseListenAddresses,
    default: [{ host: '::', port: 8080 }],
    defaultText: ':8080',
    doc: 'Where clients connect: an address, or several with commas',
  }),
  https: fixed<readonly Address[] | false>({
    value: 'ADDRESSES|off',
    parse: (text) => (isOff(text) ? false : parseListenAddresses(text)),
    default: false,
    defaultText: 'off',
    doc: 'Where clients connect with TLS: an address, or several with commas',
  }),
  data: fixed<string | undefined>({
    value: 'DIR',
    parse: parsePath,
    default: undefined,
    defaultText: '$XDG_DATA_HOME/fairlead, else ~/.local/share/fairlead',
    doc: 'Folder of what must outlive a restart, such as the internal authority; several Fairleads may share it, and nobody else may read it',
  }),
  certificates: fixed<string | undefined>({
    value: 'DIR',
    parse: parsePath,
    default: undefined,
    defaultText: 'none',
    doc: 'Folder of own certificates, which is watched: PEM files `*.crt`, `*.pem` or `*.cer`, each with its key in it or in the `*.key` beside it; they count for the names in them, whatever they are called',
  }),
  defaultCertificate: fixed<DefaultCertificate>({
    value: 'FILE|internal|none',
    parse: parseDefaultCertificate,
    default: 'none',
    defaultText: 'none',
    doc: 'What clients get that name nobody, or somebody without a certificate: one file like those of --certificates, or that of localhost from the internal authority',
  }),
  tlsMin: fixed<'1.2' | '1.3'>({
    value: '1.2|1.3',
    parse: parseChoice('1.2', '1.3'),
    default: '1.2',
    defaultText: '1.2',
    doc: 'The oldest version of TLS that clients may speak',
  }),
  admin: fixed<Address | false>({
    value: 'ADDRESS|off',
    parse: (text) => (isOff(text) ? false : parseAddress(text)),
    default: { host: '127.0.0.1', port: 9900 },
    defaultText: '127.0.0.1:9900',
    doc: 'Dashboard, API and metrics; any address but loopback needs a token',
  }),
  adminToken: live<string | undefined>({
    value: 'TOKEN',
    parse: parseToken,
    default: undefined,
    defaultText: 'none',
    doc: 'What a client of the admin address must send as bearer token or as password',
    secret: true,
  }),
  adminTokenFile: live<string | undefined>({
    value: 'FILE',
    parse: String,
    default: undefined,
    defaultText: 'none',
    doc: 'A file that holds the admin token',
  }),
  docker: fixed<readonly string[] | false>({
    value: 'ENDPOINT|off',
    parse: (text) => (isOff(text) ? false : parseEndpoints(text)),
    default: ['unix:///var/run/docker.sock'],
    defaultText: '$DOCKER_HOST, else unix:///var/run/docker.sock',
    doc: 'Docker Engines to watch: unix:///PATH or tcp://HOST:PORT, several with commas',
  }),
  dockerCerts: fixed<string | undefined>({
    value: 'DIR',
    parse: String,
    default: undefined,
    defaultText: '$DOCKER_CERT_PATH if $DOCKER_TLS_VERIFY is set, else none',
    doc: 'Folder with ca.pem, cert.pem and key.pem: tcp:// endpoints then speak TLS',
  }),
  dockerFilter: fixed<readonly ContainerFilter[]>({
    value: 'FILTERS',
    parse: parseDockerFilter,
    default: [],
    defaultText: 'none',
    doc: 'Containers that are looked at, as `docker ps --filter` has it: `label=KEY`, `label=KEY=VALUE`, `name=`, `network=`, `image=`, `project=`, each with `*` and also with `!=`; all must fit, the others are as if they were not there',
  }),
  allow: live<readonly AllowRule[]>({
    value: 'RULES',
    parse: parseAllow,
    default: [],
    defaultText: 'none',
    doc: 'Who may claim what by labels: rules such as `project:shop host:*.shop.example.org`, a list or with commas; without any everyone may everything',
  }),
  workers: fixed<number>({
    value: 'NUMBER|auto',
    parse: (text) => (text === 'auto' ? availableParallelism() : parseWorkerCount(text)),
    default: 1,
    defaultText: '1',
    doc: 'Processes that carry traffic; auto is one for each processor, SIGHUP replaces them one by one',
  }),
  trustedProxies: live<readonly string[]>({
    value: 'RANGES',
    parse: parseRanges,
    default: [],
    defaultText: 'none',
    doc: 'Addresses or CIDR ranges whose X-Forwarded-* headers are believed: the client is the first address from the right of X-Forwarded-For that is none of them',
  }),
  fallbackAllow: live<readonly string[]>({
    value: 'RANGES',
    parse: parseRanges,
    default: [],
    defaultText: 'none',
    doc: 'Addresses or CIDR ranges that labels may send fallback=url: to besides public ones; never where Fairlead listens',
  }),
  accessLog: live<'off' | 'json' | 'clf'>({
    value: 'off|json|clf',
    parse: parseChoice('off', 'json', 'clf'),
    default: 'off',
    defaultText: 'off',
    doc: 'A line for each request, on standard output',
  }),
  logLevel: live<'debug' | 'info' | 'warn' | 'error' | 'silent'>({
    value: 'debug|info|warn|error|silent',
    parse: parseChoice('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    defaultText: 'info',
    doc: 'The least of what is logged',
  }),
  logFormat: live<'auto' | 'pretty' | 'json'>({
    value: 'auto|pretty|json',
    parse: parseChoice('auto', 'pretty', 'json'),
    default: 'auto',
    defaultText: 'auto',
    doc: 'auto is pretty on a terminal and JSON elsewhere',
  }),
  pages: live<string>({
    value: 'DIR',
    parse: String,
    default: '',
    defaultText: 'the ones that come with Fairlead',
    doc: 'Folder of the pages that fairlead.fallback=page:FILE may name',
  }),
  grace: live<number>({
    value: 'DURATION',
    parse: parseDuration,
    default: 10_000,
    defaultText: '10s',
    doc: 'How long running requests may finish after SIGTERM',
  }),
  startTimeout: fixed<number>({
    value: 'DURATION',
    parse: parseDuration,
    default: 10_000,
    defaultText: '10s',
    doc: 'How long the start waits for each Engine and file to tell what there is before requests are taken without it',
  }),
  headerTimeout: live<number>({
    value: 'DURATION',
    parse: parsePositiveDuration,
    default: 10_000,
    defaultText: '10s',
    doc: 'How long a client may take to send the whole head of a request (408 after it)',
  }),
  bodyTimeout: live<number>({
    value: 'DURATION',
    parse: parsePositiveDuration,
    default: 60_000,
    defaultText: '60s',
    doc: 'How long a client may pause within a request body or while it takes a response (408 after it)',
  }),
  minBodyRate: live<number>({
    value: 'SIZE',
    parse: parseSize,
    default: 240,
    defaultText: '240',
    doc: 'Bytes a second that a request body must bring on average over body-timeout (408 below it); 0 is no limit',
  }),
  idleTimeout: live<number>({
    value: 'DURATION',
    parse: parsePositiveDuration,
    default: 75_000,
    defaultText: '75s',
    doc: 'How long a client connection may wait for its next request',
  }),
  maxConnections: live<number>({
    value: 'NUMBER|auto',
    parse: (text) => (text === 'auto' ? 0 : parseInteger(1, 1_000_000)(text)),
    default: 0,
    defaultText: 'auto',
    doc: 'Most connections of clients (503 above it, once none is idle); auto is half of what a process may open',
  }),
  maxConnectionsPerClient: live<number | 'auto'>({
    value: 'NUMBER|auto',
    parse: (text) => (text === 'auto' ? text : parseInteger(0, 1_000_000)(text)),
    default: 'auto',
    defaultText: 'auto',
    doc: 'Most connections of one address or IPv6 /64 to one worker, or requests by way of a trusted proxy (429 above it, once none is idle); auto is an eighth of all, from 8 to 1024, and for public addresses only; 0 is no limit',
  }),
  maxRequestsPerConnection: live<number>({
    value: 'NUMBER',
    parse: parseInteger(0, 1_000_000_000),
    default: 0,
    defaultText: '0',
    doc: 'Requests after which a connection of a client is closed, as the last response says; 0 is no limit',
  }),
  maxHeaderSize: live<number>({
    value: 'SIZE',
    parse: parseHeaderSize,
    default: 16_384,
    defaultText: '16k',
    doc: 'Largest head of a request or a response (431 or 414, 502 above it)',
  }),
  maxHeaders: live<number>({
    value: 'NUMBER',
    parse: parseInteger(10, 1_000),
    default: 100,
    defaultText: '100',
    doc: 'Most header lines in a request or a response (431, 502 above it)',
  }),
  keepUnderscores: live<boolean>({
    parse: parseBoolean,
    default: false,
    defaultText: 'false',
    doc: 'Forward request headers with _ in their names, which many servers take for -',
  }),
} as const;

/** The options by which Fairlead runs. Services and routes are not in them, but in the `Snapshot`. */
export type Options = { readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K]['default'] };
export type OptionKey = keyof Options;

/** The options that may change while Fairlead runs. */
export type LiveKey = {
  [K in OptionKey]: (typeof OPTIONS)[K]['isLive'] extends true ? K : never;
}[OptionKey];
export type LiveOptions = Pick<Options, LiveKey>;

export const OPTION_KEYS = Object.keys(OPTIONS) as OptionKey[];

/** `accessLog` → `access-log`: the flag without its dashes, and the key in the file. */
export function nameOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `accessLog` → `FAIRLEAD_ACCESS_LOG`. */
export function envOf(key: string): string {
  return `FAIRLEAD_${nameOf(key).replaceAll('-', '_').toUpperCase()}`;
}
