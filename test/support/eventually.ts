/** Whatever a test waits for and has not come after so long never will, however busy the machine is. */
export const PATIENCE_MS = 60_000;

/** Asks again and again until the answer is not undefined or false; rejects with the question when it never is. */
export async function eventually<T>(
  question: string,
  answer: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await answer();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within ${timeoutMs} ms: ${question}`, { cause: last });
}
