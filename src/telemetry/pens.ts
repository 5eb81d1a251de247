import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';

/** Called once: how many bytes left, and why not all of them. */
export type Written = (bytes: number, error?: Error) => void;

/** Puts bytes where a descriptor leads, and never waits for whoever reads them. */
export interface Pen {
  /** Takes no more before `done` was called, which may be at once. */
  write(bytes: Buffer, done: Written): void;
  /** The descriptor itself stays open. */
  close(): void;
}

/** How often a terminal that takes nothing is tried again, in milliseconds: nothing tells when it does. */
const TERMINAL_MS = 20;

/**
 * A pen for what descriptor `fd` is. Throws when it is closed.
 * @param isUrgent what goes to a file is there when `write` returns, so that a crash does not lose it
 */
export function openPen(fd: number, isUrgent: boolean): Pen {
  const stat = fstatSync(fd);
  if (isatty(fd)) return terminalPen(ownDescriptor(fd) ?? fd, fd);
  if (stat.isFIFO() || stat.isSocket()) return streamPen(ownDescriptor(fd) ?? fd);
  return filePen(fd, isUrgent);
}

/**
 * The same pipe or terminal, opened anew, so that not to wait for it is our affair alone: whoever shares the
 * descriptor with us, such as a shell, keeps waiting. Undefined where that is not possible, as with a socket.
 */
function ownDescriptor(fd: number): number | undefined {
  try {
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** Of a pipe or socket: the kernel tells when there is room. */
function streamPen(fd: number): Pen {
  const socket = new Socket({ fd, readable: false, writable: true });
  // The call back of a write tells, too.
  socket.on('error', () => {});
  return {
    write(bytes, done) {
      socket.write(bytes, (error) => (error ? done(0, error) : done(bytes.length)));
    },
    close: () => void socket.destroy(),
  };
}

/** Of a terminal, which may be stopped (Ctrl-S), or far away. */
function terminalPen(fd: number, given: number): Pen {
  return {
    write(bytes, done) {
      let written = 0;
      const next = () => {
        try {
          while (written < bytes.length) written += writeSync(fd, bytes, written);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return void setTimeout(next, TERMINAL_MS);
          return done(written, error as Error);
        }
        done(written);
      };
      next();
    },
    close() {
      if (fd !== given) closeSync(fd);
    },
  };
}

/** Of a file or device. A disk may be slow: unless it is urgent, another thread waits for it. */
function filePen(fd: number, isUrgent: boolean): Pen {
  return {
    write(bytes, done) {
      let written = 0;
      const next = (error: Error | null, count: number) => {
        written += count;
        if (error !== null) done(written, error);
        else if (written < bytes.length) put();
        else done(written);
      };
      const put = () => {
        if (isUrgent) putNow(fd, bytes.subarray(written), next);
        else write(fd, bytes, written, next);
      };
      put();
    },
    close() {},
  };
}

function putNow(fd: number, bytes: Buffer, next: (error: Error | null, count: number) => void): void {
  let count = 0;
  try {
    count = writeSync(fd, bytes);
  } catch (error) {
    return next(error as Error, 0);
  }
  next(null, count);
}
