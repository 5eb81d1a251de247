import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import type { Test } from 'tap';

const execute = promisify(execFile);
/** Made in no time, unlike RSA. */
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** The machine's Engine behind TLS, which only clients with a certificate of its authority may ask. */
export interface TlsEngine {
  /** `tcp://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Folders with ca.pem, cert.pem and key.pem: of a client that may ask, and of one of another authority. */
  readonly certs: string;
  readonly foreignCerts: string;
}

/** Puts a TLS listener before the Engine's socket, as `dockerd --tlsverify` has it. Needs openssl. */
export async function startTlsEngine(t: Test): Promise<TlsEngine> {
  const folder = t.testdir({ server: {}, client: {}, foreign: {} });
  const [server, client, foreign] = ['server', 'client', 'foreign'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await makeAuthority(server);
  await makeAuthority(foreign);
  await makeCertificate(server, server, 'IP:127.0.0.1');
  await makeCertificate(server, client, 'DNS:client');
  await makeCertificate(foreign, foreign, 'DNS:client');
  const read = (name: string) => readFileSync(join(server, name));
  const listener = createServer(
    { key: read('key.pem'), cert: read('cert.pem'), ca: read('ca.pem'), requestCert: true },
    (socket) => {
      const engine = connect('/var/run/docker.sock');
      socket.on('error', () => engine.destroy()).on('close', () => engine.destroy());
      engine.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket.pipe(engine).pipe(socket);
    },
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.teardown(() => listener.close());
  const { port } = listener.address() as AddressInfo;
  return { endpoint: `tcp://127.0.0.1:${port}`, certs: client, foreignCerts: foreign };
}

async function makeAuthority(folder: string): Promise<void> {
  const subject = ['-subj', '/CN=authority', '-days', '2'];
  const files = ['-keyout', join(folder, 'ca-key.pem'), '-out', join(folder, 'ca.pem')];
  await execute('openssl', ['req', '-x509', ...KEY, ...subject, ...files]);
}

/** A key and a certificate of an authority; the folder gets the authority's own beside them. */
async function makeCertificate(authority: string, folder: string, name: string): Promise<void> {
  const ca = ['-CA', join(authority, 'ca.pem'), '-CAkey', join(authority, 'ca-key.pem'), '-days', '2'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=fairlead', '-addext', `subjectAltName=${name}`];
  await execute('openssl', ['req', '-x509', ...KEY, ...subject, ...ca, ...files]);
  if (authority !== folder) await execute('cp', [join(authority, 'ca.pem'), join(folder, 'ca.pem')]);
}
