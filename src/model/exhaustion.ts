/** Whether a connection failed for want of our own: file descriptors, memory of the kernel, or ports of the machine. */
export function isExhaustion(code: string | undefined): boolean {
  return code === 'EMFILE' || code === 'ENFILE' || code === 'EADDRNOTAVAIL' || code === 'ENOBUFS';
}
