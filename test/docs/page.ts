/** What is done with a fenced block of a page. CONTRIBUTING.md tells writers of the comments that alter it. */
export interface Block {
  /** The line of its fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The file that the block is written to. */
  readonly file?: string;
  /** Runs until the end of the page, or until a block that stops it. */
  readonly background: boolean;
  /** Ends what runs in the background. */
  readonly stop: boolean;
  /** The status that it ends with. */
  readonly exit: number;
  /** What its output has in it; it is run again until it does. */
  readonly expect?: string;
  /** Why it is not run. */
  readonly skip?: string;
}

export interface Page {
  readonly blocks: readonly Block[];
  /** Its commands run in a copy of the checkout, instead of an empty folder. */
  readonly checkout: boolean;
  /** Comments that nobody understands, with their lines. */
  readonly errors: readonly string[];
}

/** A line that begins with `$ ` in a console block, and what it must print. */
export interface ConsoleCommand {
  readonly command: string;
  /** Undefined when nothing is shown. */
  readonly output: RegExp | undefined;
  /** The text that `output` was made of. */
  readonly shown: string;
}

/** Languages that are run or checked; the others are only written to files. */
export const LIVE_LANGUAGES: ReadonlySet<string> = new Set(['sh', 'bash', 'console', 'yaml']);

const COMMENT = /^\s*<!--\s*test:\s*(.*?)\s*-->\s*$/;
const FENCE = /^(\s*)```(\S*)\s*$/;
const PLAIN = { background: false, stop: false, exit: 0 };

type Change = Partial<Omit<Block, 'line' | 'language' | 'text'>>;

/** Reads the fenced blocks of a Markdown page, and the comments above them. */
export function parsePage(markdown: string): Page {
  const blocks: Block[] = [];
  const errors: string[] = [];
  let checkout = false;
  let pending: Change = {};
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    const comment = COMMENT.exec(line)?.[1];
    const fence = FENCE.exec(line);
    if (comment === 'checkout') checkout = true;
    else if (comment !== undefined) {
      const change = changeOf(comment);
      if (change === undefined) errors.push(`line ${i + 1}: "${comment}" is no word of the tests`);
      pending = { ...pending, ...change };
    } else if (fence !== null) {
      const [, indent = '', language = ''] = fence;
      const end = lines.findIndex((other, at) => at > i && other.trim() === '```');
      if (end < 0) return { blocks, checkout, errors: [...errors, `line ${i + 1}: this block has no end`] };
      const inner = lines.slice(i + 1, end).map((other) => other.slice(indent.length));
      blocks.push({ ...PLAIN, ...pending, line: i + 1, language, text: `${inner.join('\n')}\n` });
      pending = {};
      i = end;
    } else if (line.trim() !== '' && Object.keys(pending).length > 0) {
      errors.push(`line ${i + 1}: no block follows the comment above`);
      pending = {};
    }
  }
  return { blocks, checkout, errors };
}

/** What one comment says: `background`, `stop`, or `KEY=VALUE` to the end of it. */
function changeOf(comment: string): Change | undefined {
  if (comment === 'background' || comment === 'stop') return { [comment]: true };
  const [, key, value = ''] = /^(\w+)=(.+)$/.exec(comment) ?? [];
  if (key === 'file' || key === 'expect' || key === 'skip') return { [key]: value };
  if (key === 'exit' && /^\d+$/.test(value)) return { exit: Number(value) };
  return undefined;
}

/** The commands of a console block, each with what is shown below it. */
export function consoleCommands(text: string): ConsoleCommand[] {
  const commands: { command: string; lines: string[] }[] = [];
  let continued = false;
  for (const line of text.trimEnd().split('\n')) {
    const last = commands.at(-1);
    if (continued && last !== undefined) last.command += `\n${line}`;
    else if (line.startsWith('$ ')) commands.push({ command: line.slice(2), lines: [] });
    else if (last !== undefined) last.lines.push(line);
    else throw new Error('a console block begins with a line "$ COMMAND"');
    continued = (line.startsWith('$ ') || continued) && line.endsWith('\\');
  }
  return commands.map(({ command, lines }) => ({
    command,
    output: lines.length === 0 ? undefined : pattern(lines),
    shown: lines.join('\n'),
  }));
}

/** `…` stands for anything within a line, and alone for any number of lines. */
function pattern(lines: readonly string[]): RegExp {
  const parts = lines.map((line) => {
    if (line.trim() === '…') return '(?:[^\n]*\n)*?';
    const words = line.trimEnd().split('…').map(escaped);
    return `${words.join('[^\n]*')}[ \t\r]*\n`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
