import type { CertificateInfo } from '../model/certificate.ts';
import { listFew } from '../model/text.ts';
import { askAdmin, explainSilence } from './admin-client.ts';
import { columnsOf } from './columns.ts';
import type { Given } from './command.ts';
import { readOptions } from './configuration.ts';
import { certificateReport } from './status-report.ts';
import { ago } from './status-table.ts';
import { type Line, painted, plain, span } from './styled.ts';
import { EXIT_FAILURE, EXIT_USAGE, print, printError, screenOf, type Terminal, write } from './terminal.ts';

const HEADER = ['NAMES', 'FROM', 'ISSUER', 'ENDS IN', 'RENEWAL', 'ERROR'];
const DAY_MS = 86_400_000;

/** The certificates of a running Fairlead. */
export async function certificates({ flags, options }: Given, terminal: Terminal): Promise<number> {
  const loaded = readOptions(options, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const answer = await askAdmin(loaded.options, '/api/certificates');
  if (answer?.status !== 200) {
    printError(`error: ${explainSilence(loaded.options, answer)}`);
    return EXIT_FAILURE;
  }
  const told: { now: number; certificates: readonly CertificateInfo[] } = JSON.parse(answer.body);
  if (flags['json'] !== undefined) {
    const document = { certificates: told.certificates.map(certificateReport) };
    print(...JSON.stringify(document, undefined, 2).split('\n'));
    return 0;
  }
  const screen = screenOf(terminal);
  const look = { hasColor: screen?.hasColor ?? false, ...(screen && { columns: screen.columns }) };
  const lines = certificateTable(told.certificates, told.now, screen?.columns);
  await write(lines.map((line) => `${painted(line, look).trimEnd()}\n`).join(''));
  return 0;
}

/** The same as text. */
export function certificateLines(infos: readonly CertificateInfo[], now: number): string[] {
  return certificateTable(infos, now).map((line) => plain(line).trimEnd());
}

function certificateTable(infos: readonly CertificateInfo[], now: number, columns?: number): Line[] {
  if (infos.length === 0) return [[span('No certificates: https is off.')]];
  return columnsOf(
    [HEADER.map((name) => span(name, 'strong')), ...infos.map((info) => row(info, now))],
    columns,
  );
}

function row(
  { names, source, file, issuer, notAfter, renewalAt, why, error }: CertificateInfo,
  now: number,
): Line {
  const isOver = notAfter !== undefined && notAfter <= now;
  const left = notAfter === undefined ? '' : isOver ? 'is over' : lasting(notAfter - now);
  const renewal = renewalAt === undefined ? why : `in ${lasting(Math.max(0, renewalAt - now))}: ${why}`;
  return [
    span(listFew(names, 3), source === 'none' ? 'warn' : undefined),
    span(source === 'file' ? (file ?? source) : source),
    span(issuer ?? ''),
    span(left, isOver ? 'ill' : undefined),
    span(renewal),
    span(error ?? '', 'ill'),
  ];
}

/** Days where there are several, which is what people count certificates in. */
function lasting(ms: number): string {
  return ms >= 2 * DAY_MS ? `${Math.floor(ms / DAY_MS)}d` : ago(ms);
}
