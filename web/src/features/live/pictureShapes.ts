/** What is drawn over a live picture: how deep it goes, where the focus is, and what is known to be there. */

import type { FrameHead } from "../../api/types";
import type { Point } from "../../shared/geometry";
import { outlines, rescaled, seats, type Seat } from "../../shared/viewer/labelMap";
import type { Shape } from "../../shared/viewer/shapes";
import type { Size } from "../../shared/viewer/view";
import { colourOf } from "../../shared/colours";
import { words } from "../../shared/format";
import type { Screen } from "./scan.svelte";

const INK = colourOf("subcutaneous");
const TICK_SHARE = 0.014;
const MOST_MM = 400;
/** The same each time, so that nothing is drawn anew because of it. */
const NOTHING: readonly Shape[] = [];
const LEAST_STEPS = 12;
const LEAST_ROOM = 2.5;

/** Where depth begins in a picture, and how many mm each row is. */
export interface Scale {
  readonly top: number;
  readonly step: number;
}

/** Return a scale in centimetres along the right edge, with the focus on it; nothing for a picture without one. */
export function ruler(
  scale: Scale | undefined,
  { width, height }: Size,
  depth: number | undefined,
  focus_mm: number | undefined,
): readonly Shape[] {
  if (!scale) return NOTHING;
  const rowOf = (mm: number): number => scale.top + mm / scale.step;
  const depth_mm = Math.min(depth ?? MOST_MM, (height - 1 - scale.top) * scale.step);
  const tick = width * TICK_SHARE;
  const edge = width - 1 - tick;
  const shapes: Shape[] = [];
  for (let mm = 0; mm <= depth_mm + 0.1; mm += 10) {
    const [row, long] = [rowOf(mm), mm % 50 === 0];
    shapes.push({
      kind: "line",
      points: [
        [edge - (long ? tick : 0), row],
        [edge + tick, row],
      ],
      colour: INK,
      width: long ? 2 : 1,
    });
    if (long && mm > 0)
      shapes.push({ kind: "text", at: [edge - 2 * tick, row], text: `${mm / 10} cm`, colour: INK, stand: "before" });
  }
  if (focus_mm !== undefined && focus_mm <= depth_mm) {
    const row = rowOf(focus_mm);
    const tip = edge - 0.3 * tick;
    const points: Point[] = [
      [tip, row],
      [tip - tick, row - 0.7 * tick],
      [tip - tick, row + 0.7 * tick],
    ];
    shapes.push({ kind: "line", points, closed: true, colour: "#8fc7ff", fill: "#8fc7ff", width: 1 });
  }
  return shapes;
}

/** Return the scale of a frame: from the probe, else from the largest region that has one. */
export function scaleOf({ image, regions }: FrameHead): Scale | undefined {
  if (image) return { top: -image[7]! / image[5]!, step: image[5]! };
  const size = ({ x0, x1, y0, y1 }: (typeof regions)[number]): number => (x1 - x0) * (y1 - y0);
  const [largest] = regions.filter(({ spatial }) => spatial).sort((a, b) => size(b) - size(a));
  return largest?.step_y_mm ? { top: largest.y0, step: largest.step_y_mm } : undefined;
}

/** Draws what is known to be there; remembers where names stood, so that they stay. */
export class Teller {
  #seats: readonly Seat[] = [];

  tell({ head, truth }: Screen): readonly Shape[] {
    if (!head.truth || !truth) return NOTHING;
    const { width, height, structures } = head.truth;
    const place = (point: Point): Point => rescaled(point, head.width / width, head.width, head.height);
    this.#seats = seats(truth, width, height, this.#seats);
    const lines = outlines(truth, width, height, LEAST_STEPS).flatMap(({ id, loops }) =>
      loops.map((loop): Shape => {
        const colour = colourOf(structures[id] ?? "background");
        return { kind: "line", points: loop.map(place), colour, closed: true, width: 1.5 };
      }),
    );
    const names = this.#seats
      .filter(({ room }) => room >= LEAST_ROOM)
      .map(({ id, at }): Shape => {
        const name = structures[id] ?? "";
        return { kind: "text", at: place(at), text: words(name), colour: colourOf(name), stand: "over" };
      });
    return [...lines, ...names];
  }
}
