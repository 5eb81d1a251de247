/** Heads as they come: the bench client's, a browser's, and what servers answer. */
export const SMALL_REQUEST =
  'GET /small HTTP/1.1\r\nHost: shop.localhost:8080\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n';

export const BROWSER_REQUEST = [
  'GET /products/chairs?page=2&sort=price HTTP/1.1',
  'Host: shop.example.org',
  'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Referer: https://shop.example.org/products/chairs',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  `Cookie: session=${'0123456789abcdef'.repeat(8)}; theme=dark; cart=${'x'.repeat(120)}`,
  '\r\n',
].join('\r\n');

export const SMALL_RESPONSE =
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\n' +
  'Content-Length: 12\r\nConnection: keep-alive\r\n\r\n';

export const PAGE_RESPONSE = [
  'HTTP/1.1 200 OK',
  'Date: Sat, 21 Nov 2026 12:00:00 GMT',
  'Content-Type: text/html; charset=utf-8',
  'Transfer-Encoding: chunked',
  'Connection: keep-alive',
  'Cache-Control: private, max-age=0, must-revalidate',
  'ETag: W/"0123456789abcdef"',
  'Vary: Accept-Encoding, Cookie',
  "Content-Security-Policy: default-src 'self'; img-src 'self' data: https://images.example.org; object-src 'none'",
  'Strict-Transport-Security: max-age=31536000; includeSubDomains',
  'X-Content-Type-Options: nosniff',
  `Set-Cookie: session=${'0123456789abcdef'.repeat(8)}; Path=/; HttpOnly; Secure; SameSite=Lax`,
  '\r\n',
].join('\r\n');
