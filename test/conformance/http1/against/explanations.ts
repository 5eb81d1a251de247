/** Why a proxy differs in a topic, as the rest of a sentence that begins with its name. */
type Reasons = Readonly<Record<string, string>>;

const WHY: Readonly<Record<string, Reasons>> = {
  'Content-Length': {
    nginx:
      'refuses a tab around the value (RFC 9110 5.5 allows it) and, with 413, what is beyond its body limit; it takes any number of leading zeros.',
    haproxy:
      'merges equal lengths, as RFC 9112 6.3 permits, passes leading zeros on as they came, and counts beyond 2^53, which origins in JavaScript cannot.',
    caddy: 'merges equal lengths, reads an empty one as 0, and counts beyond 2^53; zeros it writes anew.',
  },
  'Transfer-Encoding': {
    nginx: 'refuses a tab around the value, which is allowed, and ends lines at a bare LF.',
    haproxy:
      'lets the coding win over a length, as RFC 9112 6.1 permits, and takes it in HTTP/1.0; it joins folded lines, ends lines at a bare LF, and passes on lists with empty members that the origin refuses.',
    caddy:
      'lets the coding win over a length, as RFC 9112 6.1 permits, ignores it in HTTP/1.0 and forwards no body, joins folded lines and ends lines at a bare LF.',
  },
  chunks: {
    nginx:
      'reads blanks behind a size and, in this version, a bare LF in place of CRLF (an error since 1.29.4); a chunk beyond its body limit is 413.',
    haproxy:
      'reads blanks behind a size and, in this version, a bare LF in place of CRLF (an error since 2024).',
    caddy:
      'trims blanks and a second CR behind a size, reads sizes of up to 16 digits and, built with a Go before 1.23.8, a bare LF in place of CRLF (CVE-2025-22871); behind a last chunk that is none it waits for more.',
  },
  'chunk extensions': {
    nginx: 'reads over extensions of any length and with any byte but LF, which ends them in this version.',
    haproxy:
      'reads over extensions of any length and with any byte, and lets a bare LF end them in this version.',
    caddy:
      'reads over extensions with any byte, up to 4 KiB in a line; this Go is older than the limit for a body (CVE-2023-39326).',
  },
  trailers: {
    nginx: 'discards trailers without looking at what they are: nothing of them reaches the origin.',
    haproxy: 'passes trailers on in chunked bodies, whatever header they name.',
    caddy:
      'drops without an error what no Trailer header announced, which is all of these: nothing of them reaches the origin.',
  },
  'line ends': {
    nginx:
      'ends lines at a bare LF, as RFC 9112 2.2 permits, passes over CR and LF before a request, and reads a line without a version as HTTP/0.9.',
    haproxy:
      'ends lines at a bare LF, as RFC 9112 2.2 permits, and joins a line of blanks to the one before.',
    caddy:
      'ends lines at a bare LF, as RFC 9112 2.2 permits, and does not pass over empty lines before a request, as a server should.',
  },
  'request line': {
    nginx:
      'takes several blanks, a fragment, bytes beyond ASCII and any version of HTTP/1, and reads a line without a version as HTTP/0.9.',
    haproxy:
      'takes any blanks, and any version of two single digits, which it mostly forwards as HTTP/1.1; it speaks HTTP/2 to whoever sends its preface.',
    caddy:
      'takes HTTP/1.2 to 1.9, escapes fragments and bytes beyond ASCII, forwards the preface of HTTP/2 as a request, and has a limit of 1 MiB for a head.',
  },
  methods: {
    nginx: 'does not forward TRACE, and knows methods of capital letters only.',
    haproxy: 'forwards CONNECT as a request to its server.',
    caddy: 'forwards CONNECT in every form.',
  },
  'request target': {
    nginx:
      'takes any scheme and forwards Host, whatever the host of the URL, by which it chooses the server; OPTIONS * it refuses, and HTTP/1.0 goes on without a Host.',
    haproxy:
      'compares the host of a URL with Host, but forwards any scheme, user information and `*` with any method; a URL without a path it refuses.',
    caddy:
      'lets the host of the URL win without comparing it with Host, forwards any scheme and what is no URL at all, and answers OPTIONS * itself.',
  },
  Host: {
    nginx:
      'refuses controls, blanks (a tab around it too), slashes, empty and doubled ones in this version; the grammar of RFC 3986 came with 1.29.4.',
    haproxy:
      'passes any Host on in this version, and equal doubled ones; without one the origin is left to refuse.',
    caddy:
      'refuses only characters that no host has, as Go does; ports, brackets, lists and empty names pass in this version.',
  },
  'routing on a normalised path': {
    nginx:
      'routes on the decoded path and forwards the original, as we do; it refuses what climbs above the root and `%00`, but resolves hidden climbs and passes backslashes.',
    haproxy: 'routes on the path as it came, unless `normalize-uri` is configured.',
    caddy: 'routes on the decoded path and forwards the original; it refuses broken escapes only.',
  },
  'header names': {
    nginx:
      'drops lines whose name is none, unless `ignore_invalid_headers` is off, and forwards the rest; so are unusual but good names. It has no limit of lines in this version.',
    haproxy:
      'joins lines that begin with a blank to the one before, refuses names of a thousand characters, and keeps names with an underscore.',
    caddy:
      'leaves a line with an empty name out, keeps names with an underscore, and has a limit of 1 MiB for a head.',
  },
  'header values': {
    nginx:
      'passes controls other than NUL, CR and LF on to an origin that refuses them, and ends a line at a bare LF.',
    haproxy:
      'passes controls other than CR and LF on, NUL too in this version, and ends a line at a bare LF.',
    caddy: 'refuses controls, but ends a line at a bare LF, so that what is behind it is another header.',
  },
  'folded lines': {
    haproxy: 'joins folded lines to one, as RFC 9112 5.2 permits.',
    caddy: 'joins folded lines to one, as RFC 9112 5.2 permits.',
  },
  'underscores in names': {
    haproxy: 'keeps them unless `http-restrict-req-hdr-names` is configured.',
    caddy: 'keeps them in this version; it drops them since 2026.',
  },
  Connection: {
    nginx: 'does not look at what Connection nominates: all of it reaches the origin.',
    haproxy: 'does not look at what Connection nominates: all of it reaches the origin, like controls in it.',
  },
  'headers that stay behind': {
    nginx:
      'passes on what the client says about itself until it is configured to set these headers, and knows neither Proxy nor Proxy-Connection.',
    haproxy:
      'passes on what the client says about itself, and headers of the connection other than Connection.',
    caddy:
      'sets X-Forwarded-For, -Proto and -Host anew and passes the others on; Proxy it drops since 2026, and Proxy-Authorization it keeps for itself.',
  },
  Upgrade: {
    haproxy:
      'forwards every protocol but refuses what is WebSocket without a key, and keeps Upgrade without Connection: this version has not the removal of HTTP/2 that a later one has.',
    caddy: 'forwards every protocol, HTTP/2 and what is none included, and also with a body or in HTTP/1.0.',
  },
  Expect: {
    nginx: 'never forwards Expect: it answers 100-continue itself and passes over anything else.',
    haproxy: 'forwards Expect as it came, and leaves it to the origin to refuse.',
    caddy: 'refuses what does not name 100-continue, and forwards the rest, an empty one too, as it came.',
  },
  'several requests in one piece': {
    haproxy: 'forwards the path that we refuse (routing on a normalised path), and so what follows.',
    caddy: 'forwards the path that we refuse (routing on a normalised path), and so what follows.',
  },
};

/** Undefined for a difference that nobody has looked into. */
export function explanation(topic: string, peer: string): string | undefined {
  return WHY[topic]?.[peer];
}
