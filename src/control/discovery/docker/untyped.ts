/** What an Engine answers is looked at before it is believed: of the wrong kind is as good as missing. */

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A TCP port, or undefined. */
export function portOf(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
    ? (value as number)
    : undefined;
}

/** Ids become part of questions. */
export function isContainerId(text: string): boolean {
  return /^[\da-z][\w-]{0,127}$/i.test(text);
}
