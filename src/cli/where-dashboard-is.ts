import { type Address, formatAddress } from '../model/address.ts';

/**
 * Says how people get to the dashboard. The log of a container is read outside of it, where an address within it does not
 * lead: so it says whose address it is, and how to publish it.
 */
export function whereDashboardIs(admin: Address | undefined, isInContainer: boolean): string {
  if (admin === undefined) return 'off';
  const address = formatAddress(admin);
  if (!isInContainer) return `http://${address}/`;
  const isOwn = admin.host === '::1' || admin.host.startsWith('127.');
  if (!isOwn)
    return `on ${address} of this container, for those who share a network with it or its published port`;
  const publish = `-p 127.0.0.1:${admin.port}:${admin.port} with FAIRLEAD_ADMIN=:${admin.port} and FAIRLEAD_ADMIN_TOKEN`;
  return `on ${address} within this container only (${publish} publishes it)`;
}
