import { ProxyError } from '../proxy/errors.ts';

export const GONE = new ProxyError('client-gone', 'the client closed the connection');
export const HEAD_TIMEOUT = new ProxyError('head-timeout', 'the request head did not arrive in time');
export const BODY_TIMEOUT = new ProxyError('body-timeout', 'the request body did not arrive in time');
export const STALLED = new ProxyError('client-gone', 'the client stopped taking the response');
