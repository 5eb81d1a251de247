import { eventually } from './eventually.ts';

/** Waits until a number that grows has grown so far, however long that takes; fails when it grows no more. */
export async function lasting(read: () => number, goal: number, what: string): Promise<void> {
  for (let value = read(); value < goal; value = read()) {
    const before = value;
    await eventually(`${what}: ${before} of ${goal}`, () => read() > before);
  }
}

/**
 * Waits until a number has stayed the same for a while, and answers it: nothing goes on any more. The while is one of
 * turns, 5 ms or longer: in each of them everything in this process that can go on does, also when it seldom has one.
 */
export async function steady(read: () => number, turns = 30): Promise<number> {
  let value = read();
  for (let same = 0; same < turns; same++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (read() === value) continue;
    value = read();
    same = 0;
  }
  return value;
}
