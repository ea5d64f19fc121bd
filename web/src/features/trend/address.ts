/** What of a trend stands in the page's address, so that it can be sent to somebody. */

import type { Followed, Measure } from "../../api/types";

const NAMES = ["quantity", "structure", "side", "level", "state"] as const;

/** Return the address of a patient's trends, or of one of them. */
export function hrefOf(patient: string, measure?: Measure): string {
  const query = new URLSearchParams({ patient });
  if (measure) {
    for (const name of NAMES) query.set(name, measure[name]);
  }
  return `/trends?${query}`;
}

/** Return the measure that an address names, or else the first that there is. */
export function measureOf(query: URLSearchParams, followed: readonly Followed[]): Measure | undefined {
  const named = followed.find(({ measure }) => NAMES.every((name) => (query.get(name) ?? "unknown") === measure[name]));
  return (named ?? followed[0])?.measure;
}
