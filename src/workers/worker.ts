import type { BackendSignal } from '../model/signal.ts';
import { EMPTY_SNAPSHOT } from '../model/snapshot.ts';
import type { Plane } from '../model/traffic.ts';
import type { Channel, Report, Start, ToSupervisor, ToWorker } from './channel.ts';
import { usage } from './usage.ts';
import { packStats, unpackSnapshot, type WireSnapshot } from './wire.ts';

/** Runs a plane as a supervisor says. Resolves when the process may end. */
export function runWorker(
  channel: Channel<ToWorker, ToSupervisor>,
  makePlane: (start: Start, onSignal: (signal: BackendSignal) => void) => Plane,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let plane: Plane | undefined;
  let snapshot = EMPTY_SNAPSHOT;
  let isStopping = false;
  let graceMs = 0;

  const apply = (carrier: Plane, wire: WireSnapshot) => {
    snapshot = unpackSnapshot(wire, snapshot);
    carrier.apply(snapshot);
    void channel.send({ kind: 'applied', version: snapshot.version });
  };
  const start = async (message: Start) => {
    graceMs = message.graceMs;
    try {
      plane = makePlane(message, (signal) => void channel.send({ kind: 'signal', signal }));
      apply(plane, message.snapshot);
      for (const socket of message.sockets) await plane.listen(socket);
      await channel.send({ kind: 'serving' });
    } catch (error) {
      await channel.send({ kind: 'failed', message: (error as Error).message });
      ended.resolve();
    }
  };
  const stop = async (ms: number) => {
    if (isStopping) return;
    isStopping = true;
    await plane?.stop(ms);
    // What it counted since the last report.
    if (plane !== undefined) await channel.send(report(plane));
    ended.resolve();
  };
  channel.onMessage((message) => {
    if (message.kind === 'start') void start(message);
    else if (message.kind === 'stop') void stop(message.graceMs);
    else if (plane === undefined) return;
    else if (message.kind === 'snapshot') apply(plane, message.snapshot);
    else void channel.send(report(plane));
  });
  // Without a supervisor nobody tells it what to serve, and nobody knows of it.
  channel.onClose(() => void stop(graceMs));
  return ended.promise;
}

function report(plane: Plane): Report {
  return { kind: 'report', stats: packStats(plane.stats()), usage: usage() };
}
