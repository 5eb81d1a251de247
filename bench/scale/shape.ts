/** A large installation: 10,000 routes over 1,000 services of 5 containers each. */
export const SERVICES = 1_000;
export const CONTAINERS = 5_000;
export const HOSTS_EACH = 10;
export const PORT = 23_480;

export function hostOf(service: number, k: number): string {
  return `h${k}.s${service}.example.org`;
}
