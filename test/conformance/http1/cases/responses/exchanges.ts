import { cut, head, type ResponseCase, relayed, topic, unusable } from '../../case.ts';

const final = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;
const FINAL = { as: ['HTTP/1.1 200 OK', 'Content-Length: 2'], body: 'hi' };
const GET_1_0 = head('GET /case HTTP/1.0', 'Host: a');
const STAYS_1_0 = head('GET /case HTTP/1.0', 'Host: a', 'Connection: keep-alive');

export const INTERIM_CASES = topic<ResponseCase>('interim responses', 'RFC 9110 15.2', [
  relayed('100', head('HTTP/1.1 100 Continue') + final, { ...FINAL, interim: [['HTTP/1.1 100 Continue']] }),
  relayed('103 with its links', head('HTTP/1.1 103 Early Hints', 'Link: </x>; rel=preload') + final, {
    ...FINAL,
    interim: [['HTTP/1.1 103 Early Hints', 'Link: </x>; rel=preload']],
  }),
  relayed('several', head('HTTP/1.1 102 Processing') + head('HTTP/1.1 103 X', 'A: b') + final, {
    ...FINAL,
    interim: [['HTTP/1.1 102 Processing'], ['HTTP/1.1 103 X', 'A: b']],
  }),
  relayed(
    'headers of the connection are left out of one',
    head('HTTP/1.1 103 X', 'Connection: x', 'X: y', 'Keep-Alive: z', 'A: b') + final,
    {
      ...FINAL,
      interim: [['HTTP/1.1 103 X', 'A: b']],
    },
  ),
  relayed('a length is left out of one', head('HTTP/1.1 103 X', 'Content-Length: 0') + final, {
    ...FINAL,
    interim: [['HTTP/1.1 103 X']],
  }),
  relayed('HTTP/1.0 does not know them', head('HTTP/1.1 103 X') + final, {
    as: ['HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: close'],
    body: 'hi',
    request: GET_1_0,
    stays: false,
  }),
  unusable(
    '101 that nobody asked for',
    head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'),
    {},
  ),
]);

export const BROKEN_INTERIM_CASES = topic<ResponseCase>('interim responses that break off', 'RFC 9110 15.2', [
  unusable('a malformed one', 'HTTP/1.1 103 X\r\nA b\r\n\r\n'),
  unusable('one with two lengths', head('HTTP/1.1 103 X', 'Content-Length: 0', 'Content-Length: 1')),
  unusable('one with a bare LF', 'HTTP/1.1 103 X\n\r\n', {}),
]);

export const VERSION_CASES = topic<ResponseCase>('HTTP/1.0 on either side', 'RFC 9112 9.3; RFC 9110 2.5', [
  relayed('a backend of HTTP/1.0 with a length', `${head('HTTP/1.0 200 OK', 'Content-Length: 2')}hi`, {
    ...FINAL,
    isReused: false,
  }),
  relayed(
    'a backend that keeps the connection',
    `${head('HTTP/1.0 200 OK', 'Content-Length: 2', 'Connection: keep-alive')}hi`,
    FINAL,
  ),
  relayed('a backend of HTTP/1.0 without a length', `${head('HTTP/1.0 200 OK')}hi`, {
    as: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
    body: 'hi',
    after: 'fin',
    isReused: false,
  }),
  relayed('a client of HTTP/1.0', final, {
    as: ['HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: close'],
    body: 'hi',
    request: GET_1_0,
    stays: false,
  }),
  relayed('a client of HTTP/1.0 that keeps the connection', final, {
    as: ['HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: keep-alive'],
    body: 'hi',
    request: STAYS_1_0,
    rule: 'RFC 9112 C.2.2',
  }),
  relayed(
    'a client that cannot read chunks',
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`,
    {
      as: ['HTTP/1.1 200 OK', 'Connection: close'],
      body: 'hi',
      request: STAYS_1_0,
      stays: false,
    },
  ),
]);

const TOO_LARGE = `${head('HTTP/1.1 413 Content Too Large', 'Content-Length: 2')}no`;
const EARLY = {
  as: ['HTTP/1.1 413 Content Too Large', 'Content-Length: 2', 'Connection: close'],
  body: 'no',
  isReused: false,
  stays: false,
};

export const EARLY_CASES = topic<ResponseCase>(
  'responses before the request is whole',
  'RFC 9112 9.3, 9.6; CVE-2025-4366',
  [
    relayed('nothing of the body is here', TOO_LARGE, {
      ...EARLY,
      request: head('POST /case HTTP/1.1', 'Host: a', 'Content-Length: 5'),
    }),
    relayed('some of the body is here', TOO_LARGE, {
      ...EARLY,
      request: `${head('POST /case HTTP/1.1', 'Host: a', 'Content-Length: 5')}he`,
    }),
    relayed('chunks are to come', TOO_LARGE, {
      ...EARLY,
      request: `${head('POST /case HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}2\r\nhe\r\n`,
    }),
    relayed('a body that is a request is never one', TOO_LARGE, {
      ...EARLY,
      request: `${head('POST /case HTTP/1.1', 'Host: a', 'Content-Length: 99')}GET /smuggled HTTP/1.1`,
    }),
    relayed('the client waits for 100-continue', TOO_LARGE, {
      ...EARLY,
      request: head('POST /case HTTP/1.1', 'Host: a', 'Content-Length: 5', 'Expect: 100-continue'),
    }),
    cut(
      'a broken body of an early response',
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}z\r\n`,
      {
        as: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Connection: close'],
        request: head('POST /case HTTP/1.1', 'Host: a', 'Content-Length: 5'),
      },
    ),
  ],
);
