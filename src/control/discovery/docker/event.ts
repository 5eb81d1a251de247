import { type Container, parseHealth } from './container.ts';
import { fieldsOf, isContainerId, textOf } from './untyped.ts';

/** The events of containers and of their networks that may change where traffic goes. */
export const EVENTS = {
  type: ['container', 'network'] as ('container' | 'network')[],
  event: [
    ...['start', 'die', 'kill', 'stop', 'pause', 'unpause', 'destroy', 'rename', 'update', 'health_status'],
    ...['connect', 'disconnect'],
    // Podman's words for die and destroy.
    ...['died', 'remove'],
  ],
};

const PODMAN_ACTIONS: Readonly<Record<string, string>> = { died: 'die', remove: 'destroy' };

/** Something that happened to a container. */
export interface EngineEvent {
  readonly containerId: string;
  /** `start`, `die`, `kill`…, `connect`, `disconnect`. */
  readonly action: string;
  /** The number of the signal of a `kill`; NaN for other actions. */
  readonly signal: number;
  /** The exit code of a `die`, if the event has one. */
  readonly exitCode?: number;
  /** The result of a `health_status`. */
  readonly health?: Container['health'];
}

/** Reads an event from a line of the stream; undefined if it is not understood. */
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
  // The result is part of the name: `health_status: healthy`.
  const [action = '', result = ''] = textOf(raw['Action']).split(': ', 2);
  if (!isContainerId(containerId) || action === '') return undefined;
  const health = parseHealth(result);
  // Docker writes exitCode, Podman containerExitCode.
  const exitCode = textOf(attributes['exitCode']) || textOf(attributes['containerExitCode']);
  return {
    containerId,
    action: PODMAN_ACTIONS[action] ?? action,
    signal: Number(textOf(attributes['signal']) || Number.NaN),
    ...(/^\d{1,3}$/.test(exitCode) && { exitCode: Number(exitCode) }),
    ...(health && { health }),
  };
}
