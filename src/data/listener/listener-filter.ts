import type { Socket } from 'node:net';

/**
 * What stands between a connection that was accepted and the protocol of its listener, such as a handshake of TLS. It
 * hands on what carries the protocol: the same socket or one that stands on it (`standsOn`), now or later, or never, and
 * then the connection is its to end. It is called in the turn in which the connection came, and has to listen for errors
 * of what it keeps.
 */
export type ListenerFilter = (accepted: Socket, pass: (carrier: Socket) => void) => void;

/** Nothing stands between. */
export const passing: ListenerFilter = (accepted, pass) => pass(accepted);
