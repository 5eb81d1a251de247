import { eventually } from './eventually.ts';

/** Waits until a number that grows has grown so far, however long that takes; fails when it grows no more. */
export async function lasting(read: () => number, goal: number, what: string): Promise<void> {
  for (let value = read(); value < goal; value = read()) {
    const before = value;
    await eventually(`${what}: ${before} of ${goal}`, () => read() > before);
  }
}

/** Waits until a number has stayed the same for a while, and answers it: nothing goes on any more. */
export async function steady(read: () => number, forMs = 150): Promise<number> {
  let value = read();
  for (let since = Date.now(); Date.now() - since < forMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (read() === value) continue;
    value = read();
    since = Date.now();
  }
  return value;
}
