import { type CompiledFilter, compileFilter } from '../../src/data/proxy/filters/compile.ts';
import type { Filter, HeaderEdit } from '../../src/model/filter.ts';

/** A filter of a test's own, on a route; `compileWith` knows what it does. */
export const OWN = { kind: 'of a test' } as unknown as Filter;

/** Compiles filters as the data plane does, and `OWN` to that. */
export function compileWith(own: CompiledFilter): typeof compileFilter {
  return (filter, https) => (filter === OWN ? own : compileFilter(filter, https));
}

const EDITS = { '+': 'add', '-': 'remove', '=': 'set' } as const;

/** Edits of `X-A=value`, `X-A+value` and `X-A-`. */
function edits(texts: readonly string[]): HeaderEdit[] {
  return texts.map((text) => {
    const [, name = '', how = '=', value = ''] = /^(.*?)([=+]|-$)(.*)$/.exec(text) ?? [];
    return { how: EDITS[how as keyof typeof EDITS], name, value };
  });
}

export const requestHeaders = (...texts: string[]): Filter => ({
  kind: 'request-headers',
  edits: edits(texts),
});

export const responseHeaders = (...texts: string[]): Filter => ({
  kind: 'response-headers',
  edits: edits(texts),
});
