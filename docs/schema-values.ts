/** A JSON schema, or a part of one. */
export type Schema = { readonly [key: string]: unknown };

/** A part of the name of a host, in letters of any alphabet. */
const LABEL = '[\\w\\u0080-\\uffff-]{1,63}';

/** What stands for something in the values that people read, as a regular expression. */
const WORDS: Readonly<Record<string, string>> = {
  ADDRESS: '\\S*:?\\d{1,5}',
  ADDRESSES: '\\S*:?\\d{1,5}',
  CODE: '[45]\\d\\d',
  DIR: '.+',
  DURATION: '0|(?:\\d+(?:\\.\\d+)?(?:ms|s|m|h|d))+',
  ENDPOINT: '.+',
  FILE: '[\\w{-][\\w.{}-]*',
  FILTERS: '.+',
  HOST: '[\\w.:[\\]-]{1,255}',
  HOSTS: `\\*|\\[[\\da-fA-F:.]+\\]|(?:\\*\\.)?(?!-)${LABEL}(?:\\.${LABEL})*\\.?`,
  METHOD: insensitive('get|head|options|post'),
  METHODS: insensitive('get|head|options|trace|put|delete|post|patch'),
  NAME: '[^\\s,;=]{1,255}',
  NUMBER: '-?\\d+',
  PATH: '/[\\x21-\\x7e]*',
  PERCENT: '(?:0?\\d{1,2}|100)%?',
  PORT: '\\d{1,5}',
  PREFIX: '(?!\\S*(?://|/\\.{1,2}(?:/|\\s|$)))/[^?#*\\\\\\s\\x7f-\\uffff]*',
  RANGES: '[\\da-fA-F:.]+(?:/\\d+)?',
  RULES: '.+',
  SIZE: '\\d+\\s*(?:[kmgKMG][iI]?)?[bB]?',
  STATUS: statuses('[45]'),
  STATUSES: statuses('[1-5]'),
  TOKEN: '.{16,}',
  URL: 'https?://[^\\s/?#@]+(?:/[^\\s?#]*)?',
};

/** Those that are numbers in YAML as well, with their bounds. */
const NUMBERS: Readonly<Record<string, Schema>> = {
  ADDRESS: { minimum: 0, maximum: 65_535 },
  ADDRESSES: { minimum: 0, maximum: 65_535 },
  DURATION: { enum: [0] },
  NUMBER: {},
  PERCENT: { minimum: 0, maximum: 100 },
  PORT: { minimum: 1, maximum: 65_535 },
  SIZE: { minimum: 0 },
  STATUSES: { minimum: 100, maximum: 599 },
};

/** Those that are lists. */
const LISTS = ['ADDRESSES', 'FILTERS', 'HOSTS', 'RANGES', 'RULES', 'STATUSES', 'ENDPOINT'];

function statuses(classes: string): string {
  return `${classes}(?:[xX]{2}|\\d\\d(?:-${classes}\\d\\d)?)`;
}

/** An expression for a text in any case: expressions of a schema have no flags. */
function insensitive(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
}

/** The schema of a value that people read of as `0–10`, `a|b|NAME`, `a, b, NAMES`. */
export function valueSchema(value: string): Schema {
  if (value === 'true|false') return SWITCH;
  if (value === 'VALUE') return HEADER_VALUE;
  if (value.startsWith('DURATION[')) return HSTS;
  const [, from, to] = /^(-?\d+)–(-?\d+)$/.exec(value) ?? [];
  if (from !== undefined)
    return anyOf({ type: 'integer', minimum: Number(from), maximum: Number(to) }, textSchema('-?\\d+'));
  const isList = value.includes(', ');
  const forms = value.replace(', …', '').split(isList ? ', ' : '|');
  // Choices are read in any case, what has a name or a number in it as it is written.
  const isExact = value.includes(':') || (!isList && /[A-Z]/.test(value));
  const item = forms.map((form) => patternOf(form, isExact)).join('|');
  const numbers = forms.map((form) => NUMBERS[form]).filter((bounds) => bounds !== undefined);
  const words = forms.filter((form) => !/[A-Z]/.test(form));
  const single = [
    ...(words.length === 0 ? [] : [{ enum: words }]),
    ...numbers.map((bounds) => ({ type: 'integer', ...bounds })),
  ];
  if (!isList && !LISTS.includes(forms[0] ?? '')) return anyOf(...single, textSchema(item));
  const items = anyOf(...single, textSchema(item));
  const list = `[\\s,]*(?:${item})(?:\\s*,[\\s,]*(?:${item}))*`;
  return anyOf(...single, textSchema(list, '[\\s,]*'), { type: 'array', minItems: 1, items });
}

/** The value of a header. YAML has words of its own for some. */
const HEADER_VALUE: Schema = {
  type: ['string', 'number', 'boolean'],
  pattern: '^[\\t\\x20-\\x7e]{0,4096}$',
};

/** How long, and for whom else. */
const HSTS: Schema = textSchema(
  `(?:${WORDS['DURATION']})(?:\\s*,\\s*${insensitive('subdomains')})?(?:\\s*,\\s*${insensitive('preload')})?`,
);

/** What is false for one is off for another, and off is a word in YAML. */
const SWITCH = anyOf(
  { type: 'boolean' },
  { enum: [0, 1] },
  textSchema(insensitive('true|false|yes|no|on|off|1|0')),
);

function patternOf(form: string, isExact: boolean): string {
  if (form.includes(':'))
    return form
      .split(':')
      .map((part) => patternOf(part, isExact))
      .join(':');
  const word = WORDS[form];
  if (word !== undefined) return word;
  if (/^[A-Z]/.test(form)) throw new Error(`nothing says what stands for ${form}`);
  return isExact ? form : insensitive(form);
}

/** @param end what may follow besides white space, which is cut off */
function textSchema(pattern: string, end = '\\s*'): Schema {
  return { type: 'string', pattern: `^\\s*(?:${pattern})${end}$` };
}

export function anyOf(...schemas: Schema[]): Schema {
  return schemas.length === 1 ? (schemas[0] as Schema) : { anyOf: schemas };
}
