/** Which structures are seen now, in an order that never changes, each for a while after it was seen last. */

import type { Seen } from "../../api/types";
import { words } from "../../shared/format";

export interface Entry {
  readonly structure: string;
  readonly name: string;
  /** Mean probability of what bears the name; undefined while it is out of sight. */
  readonly probability: number | undefined;
  /** It may be there, and is not named. */
  readonly unsure: boolean;
}

const STAYS_MS = 4000;
/** From the skin down, as ids go. */
const ORDER = [
  ..."subcutaneous fascia multifidus erector_spinae psoas quadratus_lumborum spinous_process lamina".split(" "),
  ..."articular_process transverse_process vertebral_body sacrum posterior_complex dural_sac nerve".split(" "),
  ..."vessel needle bone".split(" "),
];

export class Legend {
  readonly #last = new Map<string, number>();

  /** Return the entries, told what is seen now and at what time; `kept`: structures that stay whatever is seen. */
  tell(seen: Seen | null | undefined, kept: ReadonlySet<string>, now: number): readonly Entry[] {
    const found = seen ? probabilities(seen) : new Map<string, number>();
    const unsure = new Set(seen?.unsure);
    for (const structure of [...found.keys(), ...unsure, ...kept]) this.#last.set(structure, now);
    for (const [structure, at] of this.#last) if (now - at > STAYS_MS) this.#last.delete(structure);
    return ORDER.filter((structure) => this.#last.has(structure)).map((structure) => ({
      structure,
      name: words(structure),
      probability: found.get(structure),
      unsure: unsure.has(structure),
    }));
  }
}

/** Return the probability of each structure: of the map where there is one, else of its surface. */
export function probabilities(seen: Seen): Map<string, number> {
  const found = new Map<string, number>();
  for (const { structure, confidence } of seen.surfaces) {
    if (confidence.length) found.set(structure, confidence.reduce((sum, one) => sum + one, 0) / confidence.length);
  }
  for (const { structure, probability } of seen.map?.structures ?? []) found.set(structure, probability);
  return found;
}
