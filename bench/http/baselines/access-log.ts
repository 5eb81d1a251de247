import { createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

const file = process.argv[2];
const stream = file === undefined ? undefined : createWriteStream(file, { flags: 'a' });

/** Logs a request when its response is sent, in the common log format; nothing without a file to log to. */
export function logged(request: IncomingMessage, response: ServerResponse): void {
  if (stream === undefined) return;
  response.on('finish', () => {
    const { method, url, headers, socket } = request;
    const time = new Date().toISOString();
    stream.write(
      `${socket.remoteAddress} - - [${time}] "${method} ${url} HTTP/1.1" ${response.statusCode} ${response.getHeader('content-length') ?? '-'} "${headers.referer ?? '-'}" "${headers['user-agent'] ?? '-'}"\n`,
    );
  });
}
