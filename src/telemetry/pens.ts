import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';

/** Is called once with the number of bytes written, and the error if those are not all. */
export type Written = (bytes: number, error?: Error) => void;

/** Writes bytes to a descriptor without blocking this thread on whoever reads them. */
export interface Pen {
  /** Writes all bytes; must not be called again before `done` was, which may happen at once. */
  write(bytes: Buffer, done: Written): void;
  /** Lets go of what the pen opened; the given descriptor itself stays open. */
  close(): void;
}

/** The pause between two tries of a terminal that takes nothing, in milliseconds: there is no event for it. */
const TERMINAL_MS = 20;

/**
 * Opens a pen that suits what descriptor `fd` is. Throws when `fd` is closed.
 * @param isUrgent whether bytes for a file are written before `write` returns, so that a crash does not lose them
 */
export function openPen(fd: number, isUrgent: boolean): Pen {
  const stat = fstatSync(fd);
  if (isatty(fd)) return terminalPen(ownDescriptor(fd) ?? fd, fd);
  if (stat.isFIFO() || stat.isSocket()) return streamPen(ownDescriptor(fd) ?? fd);
  return filePen(fd, isUrgent);
}

/**
 * Opens the same pipe or terminal anew, since O_NONBLOCK on the given descriptor would also affect whoever shares it,
 * such as a shell. Undefined where that is not possible, as with a socket.
 */
function ownDescriptor(fd: number): number | undefined {
  try {
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** A pen for a pipe or socket, for which the kernel tells when there is room. */
function streamPen(fd: number): Pen {
  const socket = new Socket({ fd, readable: false, writable: true });
  // Errors are reported by the callback of `write`.
  socket.on('error', () => {});
  return {
    write(bytes, done) {
      socket.write(bytes, (error) => (error ? done(0, error) : done(bytes.length)));
    },
    close: () => void socket.destroy(),
  };
}

/** A pen for a terminal, which may be stopped (Ctrl-S) or far away. */
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

/** A pen for a file or device. A disk may be slow, so another thread writes unless it is urgent. */
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
