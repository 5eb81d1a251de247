/** The states that a person may order for a backend; `ready` takes the others back. */
export const ADMIN_STATES = ['ready', 'drain', 'maintenance'] as const;
export type AdminState = (typeof ADMIN_STATES)[number];

/** A person's order about a backend. What is absent stays as it is. */
export interface BackendOrder {
  readonly state?: AdminState;
  /** A weight from 0 to 256; `default` is the configured one again. */
  readonly weight?: number | 'default';
}

/** A backend that an order applied to. */
export interface OrderedBackend {
  readonly id: string;
  readonly name: string;
  readonly service: string;
}
