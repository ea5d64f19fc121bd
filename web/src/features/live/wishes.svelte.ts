/** Which standard view is meant: level and side stay from one to the next. */

import type { Side, View } from "../../api/types";
import { levelAt, VIEWS } from "./place";
import type { Scan } from "./scan.svelte";

const LEVELS = ["L1", "L2", "L3", "L4", "L5"] as const;

export class Wishes {
  level = $state<string>("L4");
  side = $state<Extract<Side, "left" | "right">>("left");
  readonly levels = LEVELS;
  readonly #scan: Scan;

  constructor(scan: Scan) {
    this.#scan = scan;
  }

  get views(): readonly View[] {
    return this.#scan.patient?.views ?? [];
  }

  ask(view: View): void {
    const side = VIEWS[view].sided ? this.side : "midline";
    this.#scan.ask({ view, level: this.level, side });
  }

  /** Go to the same view at another level; without a view, slide there. */
  toLevel(level: string): void {
    this.level = level;
    const standard = this.#scan.standard;
    if (standard) this.ask(standard.view);
    else this.#slideTo(level);
  }

  toSide(side: "left" | "right"): void {
    this.side = side;
    const { standard, hold } = this.#scan;
    if (standard) this.ask(standard.view);
    else if (hold && hold.around !== 0 && hold.around > 0 !== (side === "left"))
      this.#scan.move({ around: -hold.around });
  }

  /** One level up (-1) or down. */
  stepLevel(by: number): void {
    const { hold, patient, standard } = this.#scan;
    const here = standard ? this.level : levelAt(hold?.z ?? 0, patient?.landmarks ?? []).split("/")[0]!;
    const at = LEVELS.indexOf(here as (typeof LEVELS)[number]);
    this.toLevel(LEVELS[Math.min(LEVELS.length - 1, Math.max(0, at + by))]!);
  }

  #slideTo(level: string): void {
    const tip = this.#scan.patient?.landmarks.find((one) => one.kind === "spinous_tip" && one.level === level);
    if (tip) this.#scan.move({ z: tip.point_mm[2] });
  }
}
