// Where the axis of a chart ends.

/** Rounds up to a number that half of is easily read; of counts half is whole too. */
export function ceiling(n: number, whole = false): number {
  if (!(n > 0)) return whole ? 2 : 1;
  const step = whole ? Math.max(1, 10 ** Math.floor(Math.log10(n))) : 10 ** Math.floor(Math.log10(n));
  const steps = whole && step === 1 ? [2, 4, 6, 8, 10] : [1, 2, 3, 4, 5, 6, 8, 10];
  return steps.map((m) => m * step).find((m) => m >= n * 0.999)!;
}
