import type { Filter } from '../../../model/filter.ts';
import type { Route } from '../../../model/route.ts';
import { headerNames } from '../../message/field.ts';
import type { Https } from '../https.ts';
import type { RequestFilter, ResponseFilter, RouteFilters } from './filter.ts';
import { Hsts } from './hsts.ts';
import { RedirectToHttps } from './redirect.ts';
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

const NO_FILTERS: readonly Filter[] = [];

/** Makes what routes do besides ready. All routes of a service have the same filters, which are made ready once. */
export function makeCompiler(
  compile: typeof compileFilter,
  https: Https,
): (route: Pick<Route, 'filters' | 'hsts'>) => RouteFilters | undefined {
  const known = new WeakMap<readonly Filter[], Map<string, RouteFilters>>();
  return ({ filters = NO_FILTERS, hsts = '' }) => {
    if (filters === NO_FILTERS && hsts === '') return undefined;
    const byHsts = known.get(filters) ?? new Map<string, RouteFilters>();
    const ready = byHsts.get(hsts) ?? makeReady(filters, hsts, (filter) => compile(filter, https));
    known.set(filters, byHsts.set(hsts, ready));
    return ready;
  };
}

function makeReady(
  filters: readonly Filter[],
  hsts: string,
  compile: (filter: Filter) => CompiledFilter,
): RouteFilters {
  const compiled = filters.map(compile);
  return {
    onRequest: compiled.flatMap((one) => one.onRequest ?? []),
    onResponse: [
      ...compiled.flatMap((one) => one.onResponse ?? []),
      ...(hsts === '' ? [] : [new Hsts(hsts)]),
    ],
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
