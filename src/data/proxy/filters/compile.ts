import type { Filter } from '../../../model/filter.ts';
import { headerNames } from '../../message/field.ts';
import type { RequestFilter, ResponseFilter, RouteFilters } from './filter.ts';
import { RequestHeaders } from './request-headers.ts';
import { ResponseHeaders } from './response-headers.ts';

/** What one filter of a route does, on the sides on which it does something; nothing where it has no effect. */
export interface CompiledFilter {
  readonly onRequest?: RequestFilter;
  readonly onResponse?: ResponseFilter;
}

/** Those of the lines that Fairlead adds to requests (`addedFields`) in whose place others may be put. */
const OURS = /^x[-_](?:real[-_]ip|forwarded[-_](?:for|host|port|prefix|proto))$/i;

export function compileFilter(filter: Filter): CompiledFilter {
  switch (filter.kind) {
    case 'redirect':
      return {};
    case 'request-headers':
      return { onRequest: new RequestHeaders(filter.edits) };
    case 'response-headers':
      return { onResponse: new ResponseHeaders(filter.edits) };
  }
}

/**
 * Makes the filters of routes ready; undefined where all of them together have no effect. All routes of a service have the
 * same filters, which are made ready once.
 */
export function makeCompiler(
  compile: (filter: Filter) => CompiledFilter,
): (filters: readonly Filter[]) => RouteFilters | undefined {
  const known = new WeakMap<readonly Filter[], { readonly route: RouteFilters | undefined }>();
  return (filters) => {
    const entry = known.get(filters) ?? { route: joined(filters, filters.map(compile)) };
    known.set(filters, entry);
    return entry.route;
  };
}

function joined(filters: readonly Filter[], compiled: readonly CompiledFilter[]): RouteFilters | undefined {
  const onRequest = compiled.flatMap((one) => one.onRequest ?? []);
  const onResponse = compiled.flatMap((one) => one.onResponse ?? []);
  if (onRequest.length + onResponse.length === 0) return undefined;
  return { onRequest, onResponse, replaced: replacedBy(filters) };
}

function replacedBy(filters: readonly Filter[]): RegExp | undefined {
  const names = filters.flatMap((filter) =>
    filter.kind === 'request-headers'
      ? filter.edits.filter(({ how, name }) => how !== 'add' && OURS.test(name)).map(({ name }) => name)
      : [],
  );
  return names.length === 0 ? undefined : headerNames(names);
}
