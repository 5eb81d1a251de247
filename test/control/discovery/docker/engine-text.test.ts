import t from 'tap';
import { chooseApi } from '../../../../src/control/discovery/docker/engine.ts';
import { EngineRefusal, explainEngineError } from '../../../../src/control/discovery/docker/engine-error.ts';
import { readEvent } from '../../../../src/control/discovery/docker/event.ts';
import { containerId } from '../../../support/fake-engine.ts';

const ID = containerId('abc');

t.test('the newest API version that both sides know is chosen', async (t) => {
  t.equal(chooseApi('1.41', '1.12'), '1.41');
  t.equal(chooseApi('1.51', ''), '1.51');
  t.equal(chooseApi('1.52', '1.44'), '1.51');
  t.equal(chooseApi('1.9', '1.0'), '1.9', 'as numbers, not as text');
  t.equal(chooseApi('1.60', '1.52'), '1.52');
  t.equal(chooseApi('2.0', '1.60'), '1.60', 'an Engine that is too new is asked for its oldest');
});

t.test('an event tells the container, what happened, and the signal of a kill', async (t) => {
  const read = (event: unknown) => readEvent(JSON.stringify(event));
  const kill = { Type: 'container', Action: 'kill', Actor: { ID, Attributes: { signal: '15' } } };
  t.same(read(kill), { containerId: ID, action: 'kill', signal: 15 });
  const health = { Type: 'container', Action: 'health_status: healthy', Actor: { ID } };
  t.match(read(health), { containerId: ID, action: 'health_status' });
  const connect = { Type: 'network', Action: 'connect', Actor: { ID: 'n1', Attributes: { container: ID } } };
  t.match(
    read(connect),
    { containerId: ID, action: 'connect' },
    'of a network it is the container that counts',
  );
});

t.test('what is no event of a container is passed over', async (t) => {
  const lines = ['', 'nonsense', 'null', '1', '[]', '{}', '{"Type":"network","Actor":{"ID":"n1"}}'];
  for (const line of [...lines, '{"Action":"start","Actor":{"ID":7}}', '{"Action":5,"Actor":{"ID":"a"}}'])
    t.equal(readEvent(line), undefined, line);
});

t.test('an Engine that does not answer is explained with what to do', async (t) => {
  const endpoint = 'unix:///var/run/docker.sock';
  const explain = (code: string) => explainEngineError(Object.assign(new Error('x'), { code }), endpoint);
  t.match(explain('ENOENT'), /there is no unix:.*is Docker running, and its socket mounted/);
  t.match(explain('ECONNREFUSED'), /nobody answers at unix:.*is Docker running/);
  t.match(
    explain('EACCES'),
    /no permission for unix:.*: the user \d+ must be in its group \(docker run --group-add \$\(stat -c %g \/var\/run\/docker\.sock\), usermod/,
  );
  t.match(explain('ECONNRESET'), /the connection to unix:.* broke/);
  t.equal(
    explainEngineError(new DOMException('x', 'TimeoutError'), endpoint),
    `${endpoint} did not answer in time`,
  );
  t.equal(explainEngineError(new Error('a reason'), endpoint), 'a reason');
  t.equal(explainEngineError('odd', endpoint), 'odd');
});

t.test('the words of Podman are known', async (t) => {
  const read = (Action: string) => readEvent(JSON.stringify({ Type: 'container', Action, Actor: { ID } }));
  t.match(read('died'), { action: 'die' });
  t.match(read('remove'), { action: 'destroy' });
});

t.test('an Engine that refuses is explained with who must let what through', async (t) => {
  const endpoint = 'tcp://filter:2375';
  const explain = (status: number, path: string, reason = '') =>
    explainEngineError(new EngineRefusal(status, path, reason), endpoint);
  t.match(
    explain(403, '/v1.41/containers/json?all=true'),
    /^tcp:\/\/filter:2375 answers 403 to \/containers\/json: what stands before the Engine must let GET of \/version/,
  );
  t.match(explain(404, '/version'), /answers 404 to \/version: is that a Docker Engine\?$/);
  t.match(explain(503, '/version'), /what stands before the Engine does not reach it$/);
  t.match(
    explain(400, '/version', 'Client sent an HTTP request to an HTTPS server.'),
    /speaks TLS: --docker-certs/,
  );
  t.equal(
    explain(400, '/v1.51/events?x=y', 'client version 1.51 is too new'),
    'tcp://filter:2375 answers 400 to /events: client version 1.51 is too new',
  );
});

t.test('what speaks otherwise than it should is explained with the option that fits', async (t) => {
  const endpoint = 'tcp://docker:2376';
  const explain = (code: string) => explainEngineError(Object.assign(new Error('x'), { code }), endpoint);
  t.match(explain('HPE_INVALID_CONSTANT'), /does not answer in HTTP.*If it wants TLS, --docker-certs/);
  t.match(explain('EPROTO'), /does not speak TLS, as --docker-certs wants/);
  t.match(explain('ERR_SSL_WRONG_VERSION_NUMBER'), /does not speak TLS/);
  t.match(explain('DEPTH_ZERO_SELF_SIGNED_CERT'), /is not one of ca\.pem in --docker-certs/);
  t.match(explain('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /is not one of ca\.pem/);
  t.match(explain('ERR_TLS_CERT_ALTNAME_INVALID'), /is for other names/);
  t.match(explain('CERT_HAS_EXPIRED'), /is not valid now/);
  t.match(explain('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), /does not accept the certificate, cert\.pem/);
  t.match(explain('ENOTFOUND'), /the host of tcp:\/\/docker:2376 is not known/);
  t.match(explain('EHOSTUNREACH'), /no way leads to tcp:\/\/docker:2376/);
});

t.test('a folder in the place of the socket is told as what it is', async (t) => {
  const folder = t.testdir({});
  // To root nobody listens there, to others it is not allowed.
  for (const code of ['ECONNREFUSED', 'EACCES']) {
    t.equal(
      explainEngineError(Object.assign(new Error('x'), { code }), `unix://${folder}`),
      `${folder} is a folder: Docker makes one where -v names a socket that is not there`,
    );
  }
});
