import type { Socket } from 'node:net';
import { transportOn } from './socket-transport.ts';
import type { Transport } from './transport.ts';

/**
 * What stands between a connection that was accepted and the protocol of its listener, such as a handshake of TLS. It
 * hands on what carries the protocol, on the same socket or on one that stands on it, now or later; or never, and then the
 * connection is its to end. It is called in the turn in which the connection came, and has to listen for errors of what it
 * keeps.
 */
export type ListenerFilter = (accepted: Socket, pass: (carrier: Transport) => void) => void;

/** Nothing stands between. */
export const passing: ListenerFilter = (accepted, pass) => pass(transportOn(accepted));
