/** Labels by which other proxies find containers. Settings in a container's environment, such as VIRTUAL_HOST, are not seen here. */
const PROXIES: readonly (readonly [proxy: string, labels: RegExp])[] = [
  ['Traefik', /^traefik\.(?:enable$|https?\.|tcp\.|udp\.|frontend\.)/],
  ['Caddy', /^caddy(?:_\d{1,4})?(?:\.|$)/],
  ['nginx-proxy', /^com\.github\.(?:nginx-proxy|jrcs)\./],
];

/** The page that explains how to move from another proxy. */
export const MOVING = 'docs/recipes/moving.md';

/** A label that asks another proxy for traffic. */
export interface ForeignLabel {
  readonly proxy: string;
  readonly label: string;
}

/** The label that asks another proxy for traffic most plainly; undefined if none does. */
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
