/** Lines for people about a container, a service, a backend or a URL. */
export interface Explanation {
  readonly lines: readonly string[];
  /** A request gets to it: a route leads there that is no ghost. */
  readonly isRouted: boolean;
}

/** Why there is nothing to say of something. */
export interface Unexplained {
  readonly error: string;
}
