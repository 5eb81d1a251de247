/** When a certificate is good, in milliseconds since the epoch. */
export interface Life {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Of a shorter life half is left when it is renewed, since a failure costs more of what remains. */
const SHORT_MS = 10 * 86_400_000;

/** When to renew, in milliseconds since the epoch: while a third of the life is left, or half of a short one. */
export function renewalAt({ notBefore, notAfter }: Life): number {
  const lifeMs = notAfter - notBefore;
  return notAfter - lifeMs / (lifeMs < SHORT_MS ? 2 : 3);
}

/** From when on people should hear of it: a tenth of the life is left. */
export function alarmAt({ notBefore, notAfter }: Life): number {
  return notAfter - (notAfter - notBefore) / 10;
}
