/** Reads values of unknown type from an Engine's answers: a value of the wrong type is treated as missing. */

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The fields of an object; empty for anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a TCP port, else undefined. */
export function portOf(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
    ? (value as number)
    : undefined;
}

/** Whether a text is a container id. It must be checked, because ids become part of URLs. */
export function isContainerId(text: string): boolean {
  return /^[\da-z][\w-]{0,127}$/i.test(text);
}
