import type { ChildProcess } from 'node:child_process';
import type { Listener } from '../model/listener.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Usage } from './usage.ts';
import type { WireSnapshot, WireStats } from './wire.ts';
import type { WireKeyring } from './wire-keyring.ts';

/** A socket that a worker inherited, bound to the address of a listener. */
export interface InheritedSocket {
  readonly listener: Listener;
  readonly fd: number;
}

/** Everything a worker needs to begin. */
export interface Start {
  readonly kind: 'start';
  /** The number of the worker's slot, from 1. */
  readonly worker: number;
  /** The options of the program except the secret ones; the channel does not look into them. */
  readonly options: object;
  /** Whether standard error is a terminal. */
  readonly isTerminal: boolean;
  /** The inherited sockets, by slot; a single entry where all slots share the same sockets. */
  readonly sockets: readonly (readonly InheritedSocket[])[];
  readonly snapshot: WireSnapshot;
  readonly keyring: WireKeyring;
  /** How long running requests may go on when the supervisor is gone. */
  readonly graceMs: number;
}

export type ToWorker =
  | Start
  | { readonly kind: 'snapshot'; readonly snapshot: WireSnapshot }
  /** What TLS goes by has changed. The worker passes it on to nobody. */
  | { readonly kind: 'keyring'; readonly keyring: WireKeyring }
  /** The options changed. */
  | { readonly kind: 'options'; readonly options: object }
  /** The worker of that slot died: take its connections as well. */
  | { readonly kind: 'cover'; readonly worker: number }
  /** The supervisor asks for a `Report`. */
  | { readonly kind: 'report' }
  | { readonly kind: 'stop'; readonly graceMs: number };

export interface Report {
  readonly kind: 'report';
  readonly stats: WireStats;
  readonly usage: Usage;
}

export type ToSupervisor =
  /** The worker takes connections. */
  | { readonly kind: 'serving' }
  /** The worker could not begin, and ends. */
  | { readonly kind: 'failed'; readonly message: string }
  /** The worker applied the snapshot of that version; only now may the next one be sent. */
  | { readonly kind: 'applied'; readonly version: number }
  /** Requests told something about a backend's health. */
  | { readonly kind: 'signal'; readonly signal: BackendSignal }
  | Report;

/** Carries messages between two processes, whole and in order, until either side is gone. */
export interface Channel<In, Out> {
  /** Resolves when the message was handed to the kernel, or dropped because the other side is gone. */
  send(message: Out): Promise<void>;
  onMessage(take: (message: In) => void): void;
  onClose(run: () => void): void;
}

/** The supervisor's end of the channel to one worker. */
export function childChannel(child: ChildProcess): Channel<ToSupervisor, ToWorker> {
  return {
    // A failed send needs no report: the worker's exit is noticed anyway.
    send: (message) =>
      new Promise((resolve) => {
        if (child.connected) child.send(message, () => resolve());
        else resolve();
      }),
    onMessage: (take) => void child.on('message', (message) => take(message as ToSupervisor)),
    onClose: (run) => void child.on('disconnect', run),
  };
}

/** The worker's end; undefined in a process that no supervisor started. */
export function parentChannel(): Channel<ToWorker, ToSupervisor> | undefined {
  if (process.send === undefined) return undefined;
  return {
    send: (message) =>
      new Promise((resolve) => {
        if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
        else resolve();
      }),
    onMessage: (take) => void process.on('message', (message) => take(message as ToWorker)),
    onClose: (run) => void process.on('disconnect', run),
  };
}
