import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes of the heap that are in use once everything that nobody holds is gone. */
export function heapInUse(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes outside of the heap that are in use: those of buffers above all. */
export function bytesInBuffers(): number {
  // Buffers are freed in the background, and for sure by the time of the next collection.
  collect();
  collect();
  return process.memoryUsage().external;
}

/** Bytes that are in use, in the heap and outside of it. */
export function bytesInUse(): number {
  const outside = bytesInBuffers();
  return heapInUse() + outside;
}
