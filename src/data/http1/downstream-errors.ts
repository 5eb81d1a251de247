import { ProxyError } from '../errors.ts';

export const GONE = new ProxyError('client-gone', 'the client closed the connection');
export const HEAD_TIMEOUT = new ProxyError(
  'head-timeout',
  'the request head did not arrive in time (option header-timeout)',
);
export const BODY_TIMEOUT = new ProxyError(
  'body-timeout',
  'the request body did not arrive in time (options body-timeout, min-body-rate)',
);
export const STALLED = new ProxyError(
  'client-stalled',
  'the client stopped taking the response (option body-timeout)',
);
