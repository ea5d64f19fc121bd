/**
 * A bone contour under a person's hand: at most one row for each column, in runs without a gap.
 *
 * Runs are dense, one point per whole column, sorted, and never share a column; so every change keeps the form
 * in which the server stores a surface.
 */

import type { Point } from "../../shared/geometry";

export type Run = readonly Point[];
export type Contour = readonly Run[];

const JOIN_COLUMNS = 3;
const LEAST_COLUMNS = 2;

/** Return the polylines of an overlay as dense runs. */
export function densify(lines: readonly (readonly Point[])[]): Contour {
  return tidy(lines.flatMap((line) => columnsOf(line)));
}

/** Return one point per whole column that a polyline passes, rows interpolated. */
export function columnsOf(line: readonly Point[]): Point[] {
  const points: Point[] = [];
  for (let i = 0; i + 1 < line.length; i++) {
    const [[xa, ya], [xb, yb]] = [line[i]!, line[i + 1]!];
    const [left, right] = [Math.ceil(Math.min(xa, xb)), Math.floor(Math.max(xa, xb))];
    for (let x = left; x <= right; x++) {
      points.push([x, xa === xb ? yb : ya + ((x - xa) / (xb - xa)) * (yb - ya)]);
    }
  }
  return points;
}

/** Return the columns of a run that carry a handle: both ends, and others about `apart` columns from each other. */
export function knobsOf(run: Run, apart: number): number[] {
  const last = run.length - 1;
  const pieces = Math.max(1, Math.round(last / Math.max(4, apart)));
  return Array.from({ length: pieces + 1 }, (_, i) => Math.round((i * last) / pieces));
}

/** Return the run bent by `dy` rows at index `at`, fading to nothing at the neighbouring handles. */
export function bend(run: Run, knobs: readonly number[], at: number, dy: number): Run {
  const place = knobs.indexOf(at);
  const [before, after] = [knobs[place - 1] ?? at, knobs[place + 1] ?? at];
  return run.map(([x, y], i): Point => [x, y + dy * fade(i, before, at, after)]);
}

/** Raised cosine: 1 at the handle, 0 at its neighbours and beyond. */
function fade(i: number, before: number, at: number, after: number): number {
  if (i === at) return 1;
  const reach = i < at ? at - before : after - at;
  const way = Math.abs(i - at);
  return reach > 0 && way < reach ? 0.5 * (1 + Math.cos((Math.PI * way) / reach)) : 0;
}

/** Return the contour with the end of a run moved to column `x`: cut, or drawn on at the end's own row. */
export function moveEnd(contour: Contour, run: Run, end: "first" | "last", x: number): Contour {
  const others = contour.filter((other) => other !== run);
  const [left, right] = [run[0]![0], run.at(-1)![0]];
  const [from, to] =
    end === "first" ? [Math.min(Math.round(x), right - 1), right] : [left, Math.max(Math.round(x), left + 1)];
  const moved: Point[] = [];
  for (let column = from; column <= to; column++) {
    const index = Math.min(run.length - 1, Math.max(0, column - left));
    moved.push([column, run[index]![1]]);
  }
  return tidy([...others.flat(), ...moved]);
}

/** Return the contour with a stroke drawn over it: it replaces what stood in its columns. */
export function drawOver(contour: Contour, stroke: readonly Point[]): Contour {
  return stroke.length < 2 ? contour : tidy([...contour.flat(), ...columnsOf(stroke)]);
}

/** Return the contour without one run. */
export function without(contour: Contour, run: Run): Contour {
  return contour.filter((other) => other !== run);
}

/** Return points as sorted runs; of points in one column the last counts, and small gaps are closed. */
function tidy(points: readonly Point[]): Contour {
  const rows = new Map(points.map(([x, y]) => [x, y]));
  const columns = [...rows.keys()].sort((a, b) => a - b);
  const runs: Point[][] = [];
  for (const x of columns) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const y = rows.get(x)!;
    if (run && last && x - last[0] <= JOIN_COLUMNS) run.push(...bridge(last, [x, y]), [x, y]);
    else runs.push([[x, y]]);
  }
  return runs.filter((run) => run.length >= LEAST_COLUMNS);
}

/** Return the columns between two neighbouring points. */
function bridge(a: Point, b: Point): Point[] {
  return columnsOf([a, b]).filter(([x]) => x > a[0] && x < b[0]);
}
