import type { Filter } from '../../../model/filter.ts';
import { headerNames } from '../../message/field.ts';
import type { RequestFilter, ResponseFilter, RouteFilters } from './filter.ts';
import { type Https, RedirectToHttps } from './redirect.ts';
import { RequestHeaders } from './request-headers.ts';
import { ResponseHeaders } from './response-headers.ts';

/** One filter of a route, on the sides on which it does something. */
export interface CompiledFilter {
  readonly onRequest?: RequestFilter;
  readonly onResponse?: ResponseFilter;
}

/** The header lines that Fairlead adds to requests (`addedFields`) and that filters may replace. */
const OURS = /^x[-_](?:real[-_]ip|forwarded[-_](?:for|host|port|prefix|proto))$/i;

export function compileFilter(filter: Filter, https: Https): CompiledFilter {
  switch (filter.kind) {
    case 'redirect':
      return { onRequest: new RedirectToHttps(https) };
    case 'request-headers':
      return { onRequest: new RequestHeaders(filter.edits) };
    case 'response-headers':
      return { onResponse: new ResponseHeaders(filter.edits) };
  }
}

/** Makes the filters of routes ready. All routes of a service have the same filters, which are made ready once. */
export function makeCompiler(
  compile: typeof compileFilter,
  https: Https,
): (filters: readonly Filter[]) => RouteFilters {
  const known = new WeakMap<readonly Filter[], RouteFilters>();
  return (filters) => {
    const ready = known.get(filters) ?? makeReady(filters, (filter) => compile(filter, https));
    known.set(filters, ready);
    return ready;
  };
}

function makeReady(filters: readonly Filter[], compile: (filter: Filter) => CompiledFilter): RouteFilters {
  const compiled = filters.map(compile);
  return {
    onRequest: compiled.flatMap((one) => one.onRequest ?? []),
    onResponse: compiled.flatMap((one) => one.onResponse ?? []),
    replaced: replacedBy(filters),
  };
}

function replacedBy(filters: readonly Filter[]): RegExp | undefined {
  const names = filters.flatMap((filter) =>
    filter.kind === 'request-headers'
      ? filter.edits.filter(({ how, name }) => how !== 'add' && OURS.test(name)).map(({ name }) => name)
      : [],
  );
  return names.length === 0 ? undefined : headerNames(names);
}
