/** What is known of a container, a service, a backend or a URL, as lines for people. */
export interface Explanation {
  readonly lines: readonly string[];
  /** Whether a route leads to it that is no ghost. */
  readonly isRouted: boolean;
}

/** Why nothing is known of something. */
export interface Unexplained {
  readonly error: string;
}
