import t from 'tap';
import { chooseApi, explainEngineError } from '../../../../src/control/discovery/docker/engine.ts';
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
  t.match(explain('EACCES'), /no permission for unix:.*group/);
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
