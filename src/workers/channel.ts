import type { ChildProcess } from 'node:child_process';
import type { Listener } from '../model/listener.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Usage } from './usage.ts';
import type { WireSnapshot, WireStats } from './wire.ts';

/** A socket that a worker inherited, bound to the address of a listener. */
export interface InheritedSocket {
  readonly listener: Listener;
  readonly fd: number;
}

/** Everything a worker needs to begin. */
export interface Start {
  readonly kind: 'start';
  /** Its place, from 1. */
  readonly worker: number;
  /** The options of the program, but those that are secret: its own affair what they are. */
  readonly options: object;
  /** Standard error is a terminal. */
  readonly isTerminal: boolean;
  /** Sockets that it inherited, of each place; of all places at once when they share them. */
  readonly sockets: readonly (readonly InheritedSocket[])[];
  readonly snapshot: WireSnapshot;
  /** How long it finishes what runs when its supervisor is gone. */
  readonly graceMs: number;
}

export type ToWorker =
  | Start
  | { readonly kind: 'snapshot'; readonly snapshot: WireSnapshot }
  /** Other options than those that it began with. */
  | { readonly kind: 'options'; readonly options: object }
  /** The worker of that place is gone: take its connections as well. */
  | { readonly kind: 'cover'; readonly worker: number }
  /** Answered by a report. */
  | { readonly kind: 'report' }
  | { readonly kind: 'stop'; readonly graceMs: number };

export interface Report {
  readonly kind: 'report';
  readonly stats: WireStats;
  readonly usage: Usage;
}

export type ToSupervisor =
  /** It takes connections. */
  | { readonly kind: 'serving' }
  /** It cannot begin; it ends. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It follows the snapshot of that version; only now the next one may be sent. */
  | { readonly kind: 'applied'; readonly version: number }
  /** What requests told of a backend's health. */
  | { readonly kind: 'signal'; readonly signal: BackendSignal }
  | Report;

/** Messages to another process, whole and in order, until either side is gone. */
export interface Channel<In, Out> {
  /** Resolves when it is on its way; whoever is gone is sent nothing. */
  send(message: Out): Promise<void>;
  onMessage(take: (message: In) => void): void;
  onClose(run: () => void): void;
}

/** The supervisor's end of the channel to one worker. */
export function childChannel(child: ChildProcess): Channel<ToSupervisor, ToWorker> {
  return {
    // A worker that is gone is told of by its exit.
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
