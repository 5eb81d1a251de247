import { type Container, parseHealth } from './container.ts';
import { fieldsOf, isContainerId, textOf } from './untyped.ts';

/** What may change where traffic goes: of containers, and of their networks. */
export const EVENTS = {
  type: ['container', 'network'] as ('container' | 'network')[],
  event: [
    ...['start', 'die', 'kill', 'stop', 'pause', 'unpause', 'destroy', 'rename', 'update', 'health_status'],
    ...['connect', 'disconnect'],
    // As Podman says die and destroy.
    ...['died', 'remove'],
  ],
};

const PODMAN_ACTIONS: Readonly<Record<string, string>> = { died: 'die', remove: 'destroy' };

/** Something that happened to a container. */
export interface EngineEvent {
  readonly containerId: string;
  /** `start`, `die`, `kill`…, `connect`, `disconnect`. */
  readonly action: string;
  /** Number of the signal of a `kill`; NaN otherwise. */
  readonly signal: number;
  /** Of a `die`, where it is said. */
  readonly exitCode?: number;
  /** What a `health_status` found. */
  readonly health?: Container['health'];
}

/** What a line of the stream tells; undefined when it is not understood. */
export function readEvent(line: string): EngineEvent | undefined {
  let raw: Readonly<Record<string, unknown>>;
  try {
    raw = fieldsOf(JSON.parse(line));
  } catch {
    return undefined;
  }
  const actor = fieldsOf(raw['Actor']);
  const attributes = fieldsOf(actor['Attributes']);
  const containerId = textOf(raw['Type'] === 'network' ? attributes['container'] : actor['ID']);
  // `health_status: healthy` carries its result in its name.
  const [action = '', result = ''] = textOf(raw['Action']).split(': ', 2);
  if (!isContainerId(containerId) || action === '') return undefined;
  const health = parseHealth(result);
  // Docker's word, and Podman's.
  const exitCode = textOf(attributes['exitCode']) || textOf(attributes['containerExitCode']);
  return {
    containerId,
    action: PODMAN_ACTIONS[action] ?? action,
    signal: Number(textOf(attributes['signal']) || Number.NaN),
    ...(/^\d{1,3}$/.test(exitCode) && { exitCode: Number(exitCode) }),
    ...(health && { health }),
  };
}
