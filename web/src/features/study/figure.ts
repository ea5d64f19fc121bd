/** What a rater draws: how many points it takes, and where a crosshair goes. */

import type { CaliperKind } from "../../api/types";

export type Point = readonly [x: number, y: number];

/** Fewest points of each figure; a length and an angle have no more. */
export const FEWEST: Record<CaliperKind, number> = { length: 2, angle: 3, area: 3 };

/** Return the points with one more; a figure that is complete begins anew. */
export function withPoint(figure: CaliperKind, points: readonly Point[], point: Point): readonly Point[] {
  const complete = figure !== "area" && points.length >= FEWEST[figure];
  return complete ? [point] : [...points, point];
}

/** Return the crosshair moved by whole pixels, inside the picture. */
export function moved([x, y]: Point, [dx, dy]: Point, width: number, height: number): Point {
  return [Math.min(width - 1, Math.max(0, x + dx)), Math.min(height - 1, Math.max(0, y + dy))];
}
