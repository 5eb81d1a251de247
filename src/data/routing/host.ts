/** The host of an authority as routes name it: in lower case, without the port and without a final dot. */
export function hostOf(authority: string): string {
  const port = authority.lastIndexOf(':');
  const isPort = port > authority.lastIndexOf(']');
  const host = (isPort ? authority.slice(0, port) : authority).toLowerCase();
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length
    : host === pattern;
}

export function pathMatches(prefix: string, path: string): boolean {
  if (prefix === '/') return true;
  return (
    path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f)
  );
}
