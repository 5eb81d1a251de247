/** What a person may say of a backend; `ready` takes the others back. */
export const ADMIN_STATES = ['ready', 'drain', 'maintenance'] as const;
export type AdminState = (typeof ADMIN_STATES)[number];

/** A person's word about a backend. What is absent stays as it is. */
export interface BackendOrder {
  readonly state?: AdminState;
  /** 0 to 256; `default` is the configured one again. */
  readonly weight?: number | 'default';
}

/** A backend that an order was for. */
export interface OrderedBackend {
  readonly id: string;
  readonly name: string;
  readonly service: string;
}
