/** Whether a connection failed because this process ran out of file descriptors, kernel memory or local ports. */
export function isExhaustion(code: string | undefined): boolean {
  return code === 'EMFILE' || code === 'ENFILE' || code === 'EADDRNOTAVAIL' || code === 'ENOBUFS';
}
