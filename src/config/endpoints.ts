import { isIP } from 'node:net';
import { parseList, ValueError } from '../model/parse-values.ts';
import { quoted } from '../model/text.ts';

/** Parses the endpoints of Docker Engines, separated by commas. Throws a `ValueError`. */
export function parseEndpoints(text: string): string[] {
  return parseList(text).map((endpoint) => {
    if (/^unix:\/\/\/.+/.test(endpoint)) return endpoint;
    const match = /^(?:tcp|https?):\/\/([^/]+?)(?::(\d+))?\/?$/.exec(endpoint);
    if (match === null || !URL.canParse(endpoint.replace(/^tcp/, 'http'))) {
      throw new ValueError(
        `wants endpoints such as unix:///var/run/docker.sock or tcp://host:2376, not ${quoted(endpoint)}`,
      );
    }
    return `tcp://${match[1]}:${match[2] ?? '2375'}`;
  });
}

/** Parses addresses and CIDR ranges, separated by commas, into CIDR ranges. Throws a `ValueError`. */
export function parseRanges(text: string): string[] {
  return parseList(text).map((range) => {
    const [address = '', prefix, ...rest] = range.split('/');
    const bits = isIP(address) === 4 ? 32 : 128;
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    if (isIP(address) === 0 || !isPrefix || rest.length > 0) {
      throw new ValueError(`wants addresses or CIDR ranges such as 10.0.0.0/8, not ${quoted(range)}`);
    }
    return prefix === undefined ? `${address}/${bits}` : range;
  });
}
