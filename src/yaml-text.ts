import { type Document, LineCounter, parseDocument } from 'yaml';

/** A YAML text as the library reads it, with what finds the line of a position. */
export interface YamlText {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** Reads a text. Never throws: what is wrong is in `document.errors`. */
export function parseYaml(text: string): YamlText {
  const lines = new LineCounter();
  return { document: parseDocument(text, { lineCounter: lines }), lines };
}
