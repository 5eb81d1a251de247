import { type FilterSettings, parseHeaderValue, parseRequestHeader, parseResponseHeader } from '../filter.ts';
import type { KeysOf } from './key.ts';
import { choice } from './kinds.ts';

const HEADER = { value: 'VALUE', parse: parseHeaderValue, show: String, default: 'as it is' };

/** What is done with requests and responses on their way. */
export const FILTER_KEYS: KeysOf<FilterSettings> = {
  redirect: {
    key: 'redirect',
    ...choice('https'),
    default: 'none',
    doc: 'Answer what does not come by https with 308 and the same URL by https; without effect as long as Fairlead takes no TLS',
  },
  headers: {
    request: {
      key: 'headers.request.NAME',
      ...HEADER,
      parseName: parseRequestHeader,
      doc: 'Send backends this header in place of what the client sent; an empty value removes it. `{client}`, `{host}` and `{id}` stand for the address of the client, the host that it asked for, and the id of the request in the logs',
    },
    response: {
      key: 'headers.response.NAME',
      ...HEADER,
      parseName: parseResponseHeader,
      doc: "Send clients this header in place of the backend's; an empty value removes it. Answers of Fairlead itself have it too, unless it says something of one answer, such as `Cache-Control`",
    },
  },
};
