/** Labels by which other proxies find containers. What is only in their environment, as VIRTUAL_HOST, is not seen. */
const PROXIES: readonly (readonly [proxy: string, labels: RegExp])[] = [
  ['Traefik', /^traefik\.(?:enable$|https?\.|tcp\.|udp\.|frontend\.)/],
  ['Caddy', /^caddy(?:_\d{1,4})?(?:\.|$)/],
  ['nginx-proxy', /^com\.github\.(?:nginx-proxy|jrcs)\./],
];

/** Where people read how to move. */
export const MOVING = 'docs/recipes/moving.md';

/** Whose label a container has that wants another proxy's traffic. */
export interface ForeignLabel {
  readonly proxy: string;
  readonly label: string;
}

/** The label that most plainly asks another proxy for traffic. */
export function foreignLabel(labels: Readonly<Record<string, string>>): ForeignLabel | undefined {
  if (labels['traefik.enable']?.toLowerCase() === 'false') return undefined;
  const names = Object.keys(labels).sort();
  for (const [proxy, pattern] of PROXIES) {
    const own = names.filter((name) => pattern.test(name));
    const label = own.find((name) => /rule$/i.test(name)) ?? own[0];
    if (label !== undefined) return { proxy, label };
  }
  return undefined;
}
