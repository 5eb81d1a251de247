/** A callback that tells its owner, and nobody else, what it throws. */
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
