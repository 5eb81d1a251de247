/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedMetrics {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
  /** Samples of that name whose labels have these among them. */
  find(name: string, labels?: Readonly<Record<string, string>>): readonly Sample[];
  /** The value of the only such sample. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** Reads Prometheus' text format as its specification says, and throws on a line that is none of it. */
export function parseMetrics(text: string): ParsedMetrics {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.slice(0, -1).split('\n')) {
    const type = /^# TYPE (\w+) (\w+)$/.exec(line);
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
    else if (line !== '' && !line.startsWith('# ')) samples.push(parseSample(line));
  }
  const find = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  const value = (name: string, labels?: Readonly<Record<string, string>>) => {
    const [only, ...rest] = find(name, labels);
    if (only === undefined || rest.length > 0)
      throw new Error(`${name} ${JSON.stringify(labels)} is ${rest.length > 0 ? 'not one' : 'no'} sample`);
    return only.value;
  };
  return { types, samples, find, value };
}

function parseSample(line: string): Sample {
  const match = /^([a-z_]\w*)(?:\{((?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/i.exec(line);
  if (match === null) throw new Error(`not a line of the format: ${line}`);
  const pairs = (match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  const labels = [...pairs].map(([, key = '', text = '']) => [key, unescaped(text)]);
  return { name: match[1] ?? '', labels: Object.fromEntries(labels), value: parseValue(match[3] ?? '') };
}

function parseValue(text: string): number {
  if (/^[+-]?Inf$/.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (Number.isNaN(value) && !/^nan$/i.test(text)) throw new Error(`not a value: ${text}`);
  return value;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
