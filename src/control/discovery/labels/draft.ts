import type { HealthCheck } from '../../../model/health.ts';
import type {
  EjectPolicy,
  QueuePolicy,
  RetryPolicy,
  ServiceSettings,
  StickyPolicy,
  Timeouts,
} from '../../../model/service.ts';

/** What the keys of one service say, as far as they say anything. */
export interface Draft {
  enable?: boolean;
  host?: readonly string[];
  path?: string;
  priority?: number;
  stripPrefix?: boolean;
  service?: string;
  port?: number;
  network?: string;
  weight?: number;
  backup?: boolean;
  maxConnections?: number;
  settings: ServiceSettings;
}

export function makeDraft(): Draft {
  return { settings: {} };
}

/** How the value of a key gets into a draft. Throws a `ValueError`. */
export type Setter = (draft: Draft, text: string) => void;

/** Sets a field of the draft itself. */
export function to<K extends Exclude<keyof Draft, 'settings'>>(
  key: K,
  parse: (text: string) => NonNullable<Draft[K]>,
): Setter {
  return (draft, text) => {
    draft[key] = parse(text);
  };
}

/** Sets a field of the service's settings. */
export function toSettings<K extends keyof ServiceSettings>(
  key: K,
  parse: (text: string) => NonNullable<ServiceSettings[K]>,
): Setter {
  return (draft, text) => {
    draft.settings = { ...draft.settings, [key]: parse(text) };
  };
}

export function toHealth<K extends keyof HealthCheck>(
  key: K,
  parse: (text: string) => HealthCheck[K],
): Setter {
  return (draft, text) => {
    draft.settings = { ...draft.settings, health: { ...draft.settings.health, [key]: parse(text) } };
  };
}

export function toTimeouts(key: keyof Timeouts, parse: (text: string) => number): Setter {
  return (draft, text) => {
    draft.settings = { ...draft.settings, timeouts: { ...draft.settings.timeouts, [key]: parse(text) } };
  };
}

export function toEject(key: keyof EjectPolicy, parse: (text: string) => number): Setter {
  return (draft, text) => {
    draft.settings = { ...draft.settings, eject: { ...draft.settings.eject, [key]: parse(text) } };
  };
}

/** Sets one or more fields of the retry policy. */
export function toRetry(parse: (text: string) => Partial<RetryPolicy>): Setter {
  return (draft, text) => {
    draft.settings = { ...draft.settings, retry: { ...draft.settings.retry, ...parse(text) } };
  };
}

export function toQueue(key: keyof QueuePolicy, parse: (text: string) => number): Setter {
  return (draft, text) => {
    draft.settings = { ...draft.settings, queue: { ...draft.settings.queue, [key]: parse(text) } };
  };
}

export function toSticky<K extends keyof StickyPolicy>(
  key: K,
  parse: (text: string) => NonNullable<StickyPolicy[K]>,
): Setter {
  return (draft, text) => {
    draft.settings = { ...draft.settings, sticky: { ...draft.settings.sticky, [key]: parse(text) } };
  };
}
