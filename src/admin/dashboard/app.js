// What is shown comes from labels, which strangers may set, so it only ever becomes text nodes.

const POLL_MS = 1000;

/** An element with a class, attributes and children; strings become text. */
function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function stateOf(backend) {
  const { flags, reason } = backend.health;
  if (flags.length === 0) return backend.weight === 0 ? ['wait', 'weight 0'] : ['good', 'available'];
  const isWaiting = flags.every(
    (flag) => flag === 'Pending' || flag === 'Draining' || flag === 'Maintenance',
  );
  return [isWaiting ? 'wait' : 'bad', `${backend.state}: ${reason}`];
}

/** The cell that shows since when a backend has its state, and as a tooltip its earlier states. */
function sinceCell(backend, now) {
  const cell = element('td', 'quiet', ago(now - backend.health.since));
  cell.title = backend.history
    .map(({ at, state, reason }) => `${ago(now - at)} ago: ${state} (${reason})`)
    .reverse()
    .join('\n');
  return cell;
}

function backendRow(backend, now) {
  const [kind, text] = stateOf(backend);
  const failures = Object.values(backend.failures).reduce((sum, count) => sum + count, 0);
  const check = backend.lastCheck?.checkedAt
    ? `${backend.lastCheck.reason}, ${ago(now - backend.lastCheck.checkedAt)} ago`
    : '';
  return element(
    'tr',
    '',
    element('td', '', backend.name),
    element('td', 'quiet', `${backend.address.host}:${backend.address.port}`),
    element('td', `state ${kind}`, text),
    sinceCell(backend, now),
    element('td', 'quiet', check),
    element(
      'td',
      'number',
      `${backend.weight}${backend.configuredWeight === undefined ? '' : ` (configured ${backend.configuredWeight})`}${backend.backup ? ' backup' : ''}`,
    ),
    element('td', 'number', String(backend.inFlight)),
    element('td', 'number', String(backend.requests)),
    element('td', 'number', String(failures)),
  );
}

const COLUMNS = [
  'backend',
  'address',
  'state',
  'since',
  'last check',
  'weight',
  'in flight',
  'requests',
  'failures',
];

/** The line that says why a service has no backends, coloured by how bad that is. */
function absenceLine({ absence }, now) {
  if (!absence) return element('p', 'state bad', 'no backends');
  const { names, removed } = absence;
  const few = names.slice(0, 3).join(', ') + (names.length > 3 ? '…' : '');
  if (!removed) return element('p', 'state bad', `no backends: no container serves (${few})`);
  const times = `${ago(now - removed.at)} ago; forgotten in ${ago(removed.until - now)}`;
  return element('p', 'state wait', `no backends: its last container, ${few}, was removed ${times}`);
}

/** The number that services are sorted by: those that fail come first, removed ones last. */
function illness({ absence, backends }) {
  if (absence?.removed) return -1;
  const out = backends.filter(({ health }) => health.flags.length > 0);
  const isTaken = backends.some(({ health, weight }) => health.flags.length === 0 && weight > 0);
  return isTaken ? Math.min(1, out.length) : 2;
}

function serviceCard(service, state) {
  const routes = state.routes.filter((route) => route.service === service.name);
  const shown =
    routes.map((route) => route.host + (route.path === '/' ? '' : route.path)).join(', ') || 'no route';
  const rare = [
    [service.hedges, 'hedges'],
    [service.retriesDenied, 'retries denied'],
    [service.waiting, 'waiting'],
  ];
  const counts = `${service.balance} · ${service.requests} requests, ${service.errors} errors, ${service.retries} retries, ${service.fallbacks} fallbacks${rare
    .filter(([count]) => count > 0)
    .map(([count, name]) => `, ${count} ${name}`)
    .join('')}`;
  const head = COLUMNS.map((name, i) => element('th', i > 4 ? 'number' : '', name));
  const rows = service.backends.map((backend) => backendRow(backend, state.now));
  return element(
    'article',
    '',
    element('h2', '', service.name),
    element('p', 'quiet', shown === service.name ? counts : `${shown} · ${counts}`),
    rows.length === 0
      ? absenceLine(service, state.now)
      : element('table', '', element('thead', '', element('tr', '', ...head)), element('tbody', '', ...rows)),
  );
}

function problemLine({ severity, subject, where, message, hint }) {
  const line = element('p', `problem ${severity}`, element('strong', '', subject), ` ${where} ${message}`);
  if (hint) line.append(element('span', 'quiet', ` (${hint})`));
  return line;
}

function sourceLine(source, now) {
  const stale = `stale since ${ago(now - source.staleSince)}: ${source.error ?? 'not connected yet'}`;
  const text = `${source.name} ${source.target}: ${source.connected ? 'connected' : stale}`;
  return element('p', `state ${source.connected ? 'good' : 'bad'}`, text);
}

const WORKER_COLUMNS = ['worker', 'pid', 'state', 'up', 'connections', 'requests', 'memory', 'restarts'];

function workerRow(worker, now) {
  return element(
    'tr',
    '',
    element('td', '', String(worker.worker)),
    element('td', 'quiet', String(worker.pid)),
    element('td', `state ${worker.state === 'serving' ? 'good' : 'wait'}`, worker.state),
    element('td', 'quiet', ago(now - worker.startedAt)),
    element('td', 'number', String(worker.connections)),
    element('td', 'number', String(worker.requests)),
    element('td', 'number', `${Math.round(worker.memoryBytes / 1e6)} MB`),
    element('td', 'number', String(worker.restarts)),
  );
}

/** The card of workers; a single worker is in the summary already. */
function workersCard(workers, now) {
  if (workers.length === 1) return [];
  const head = WORKER_COLUMNS.map((name, i) => element('th', i > 3 ? 'number' : '', name));
  const rows = workers.map((worker) => workerRow(worker, now));
  const table = element(
    'table',
    '',
    element('thead', '', element('tr', '', ...head)),
    element('tbody', '', ...rows),
  );
  return [element('article', '', element('h2', '', 'Workers'), table)];
}

/** The number of connections, and that of each listener if there are several. */
function connections({ clientConnections, listeners }) {
  const all = plural(clientConnections, 'connection');
  if (listeners.length === 1) return all;
  return `${all} (${listeners.map((one) => `${one.name} ${one.connections}`).join(', ')})`;
}

function show(state) {
  const total = state.services.reduce((sum, service) => sum + service.requests, 0);
  document.getElementById('summary').textContent =
    `${state.fairlead} · up ${ago(state.now - state.startedAt)} · ${plural(state.services.length, 'service')} · ` +
    `${plural(total, 'request')} · ${connections(state)} · table version ${state.version}`;
  const problems = document.getElementById('problems');
  problems.hidden = state.problems.length === 0;
  problems.replaceChildren(...state.problems.map(problemLine));
  const empty = element('p', 'quiet', 'No services yet: give a container the label fairlead.host=NAME.');
  const services = state.services.toSorted((a, b) => illness(b) - illness(a));
  const cards = services.map((service) => serviceCard(service, state));
  document.getElementById('services').replaceChildren(...(cards.length === 0 ? [empty] : cards));
  document.getElementById('workers').replaceChildren(...workersCard(state.workers, state.now));
  document
    .getElementById('sources')
    .replaceChildren(...state.sources.map((source) => sourceLine(source, state.now)));
}

async function poll() {
  if (!document.hidden) {
    try {
      // Made of the origin alone, since `fetch` refuses a URL with a password, which the address of the page may have.
      const response = await fetch(new URL('/api/snapshot', location.origin));
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      show(await response.json());
      document.body.classList.remove('lost');
    } catch (error) {
      document.body.classList.add('lost');
      document.getElementById('summary').textContent =
        `Fairlead does not answer (${error.message}); what is shown is old`;
    }
  }
  setTimeout(poll, POLL_MS);
}

void poll();
