/** Return one answer for each item that was asked: what lies behind the last answer was not, beyond the fewest. */
export function answersOf(
  given: readonly (number | null | undefined)[],
  fewest: number,
  most: number,
): (number | null)[] {
  const all = Array.from({ length: most }, (_, item) => given[item] ?? null);
  const last = all.findLastIndex((answer) => answer !== null);
  return all.slice(0, Math.max(fewest, last + 1));
}
