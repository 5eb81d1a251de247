/** Wraps a callback so that what it throws is reported to its owner and goes no further. */
export function safely<A extends unknown[]>(
  owner: { onBroken(error: unknown): void },
  run: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      owner.onBroken(error);
    }
  };
}
