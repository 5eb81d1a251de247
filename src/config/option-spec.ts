/** One static option. Its flag, variable and file key are made of its name: see `flagOf`, `envOf`. */
export interface OptionSpec<T> {
  /** What `--help` shows for the value; absent for a switch. */
  readonly value?: string;
  readonly parse: (text: string) => T;
  /** The value without any setting, and how `--help` writes it. */
  readonly default: T;
  readonly defaultText: string;
  readonly doc: string;
  /** Whether a change of it takes effect while Fairlead runs; otherwise at its next start. */
  readonly isLive: boolean;
  /** Its value is a secret: never printed. */
  readonly secret?: boolean;
}

type Given<T> = Omit<OptionSpec<T>, 'isLive'>;

export function fixed<T>(spec: Given<T>): OptionSpec<T> & { readonly isLive: false } {
  return { ...spec, isLive: false };
}

export function live<T>(spec: Given<T>): OptionSpec<T> & { readonly isLive: true } {
  return { ...spec, isLive: true };
}
