import type { SourceStatus } from '../../../model/contribution.ts';
import type { Problem } from '../../../model/problem.ts';
import { grouped, listFew } from '../../../model/text.ts';
import { MOVING } from '../labels/foreign.ts';

/**
 * What is wrong with an Engine itself, or with many of its containers in the same way.
 * @param unreadable entries of its list without an id
 * @param foreign names of containers that only have labels of another proxy, by that proxy
 */
export function engineProblems(
  { name, connected, error }: SourceStatus,
  unreadable: number,
  foreign: ReadonlyMap<string, readonly string[]>,
): Problem[] {
  const base = { severity: 'error', source: name, subject: name, where: '' } as const;
  const problems: Problem[] = [];
  if (!connected && error !== undefined)
    problems.push({ ...base, message: error, hint: 'what is known of it stays until it answers' });
  if (unreadable > 0) {
    const message = `of its list of containers ${unreadable} cannot be read: they have no id`;
    problems.push({ ...base, where: 'list', message });
  }
  for (const [proxy, names] of foreign) {
    const has = names.length === 1 ? '1 container has' : `${grouped(names.length)} containers have`;
    const message = `${has} labels of ${proxy} and none of Fairlead: ${listFew(names.toSorted(), 5)}`;
    problems.push({ ...base, severity: 'notice', where: proxy, message, hint: `see ${MOVING}` });
  }
  return problems;
}
