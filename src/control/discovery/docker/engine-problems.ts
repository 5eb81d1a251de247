import type { SourceStatus } from '../../../model/contribution.ts';
import type { Problem } from '../../../model/problem.ts';
import { grouped, listFew } from '../../../model/text.ts';
import { MOVING } from '../labels/foreign.ts';

/**
 * The problems of an Engine itself, and those that many of its containers have in common.
 * @param unreadable the number of entries without an id in its list
 * @param foreign the names of containers that have labels of another proxy only, by that proxy
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
