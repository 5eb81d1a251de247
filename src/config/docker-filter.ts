import type { Who } from '../model/allow.ts';
import type { ContainerFilter } from '../model/container-filter.ts';
import { parseList, ValueError } from '../model/parse-values.ts';
import { quoted } from '../model/text.ts';

/** What each word of a filter is about: the words of `docker ps --filter`, and `project` for that of Compose. */
const KINDS: Readonly<Record<string, Who>> = {
  label: 'label',
  name: 'container',
  network: 'network',
  project: 'project',
  image: 'image',
};

/** Parses filters, which are separated by commas: `label=stage=prod, network!=internal`. Throws a `ValueError`. */
export function parseDockerFilter(text: string): ContainerFilter[] {
  const filters = parseList(text).map((one): ContainerFilter => {
    const [, word = '', operator = '', pattern = ''] = /^(\w+)(!?=)(.+)$/s.exec(one) ?? [];
    const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
    if (kind === undefined)
      throw new ValueError(
        `wants filters such as label=stage=prod or network!=internal, of ${Object.keys(KINDS).join(', ')}, not ${quoted(one)}`,
      );
    return { text: one, kind, pattern, isNot: operator === '!=' };
  });
  if (filters.length === 0) throw new ValueError('wants filters such as label=stage=prod');
  return filters;
}
