/**
 * Lengths, angles and areas in millimetres while a point is being dragged.
 *
 * The rules are those of `domain/images.py` (`ImageGeometry.region_for`), and tests/golden/callipers.json holds
 * both sides to the same answers. The stored value is always the server's.
 */

/** (x, y) = (column, row), pixels; the centre of the first pixel is (0, 0). */
export type Point = readonly [number, number];

/** One rectangle of the picture, edges included, with the size of a pixel step where it is spatial. */
export interface Region {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly spatial: boolean;
  readonly step_x_mm: number | null;
  readonly step_y_mm: number | null;
  readonly high_priority: boolean;
}

export type CaliperKind = "length" | "angle" | "area";

/** A value with its unit, or why there is none: never a guess. */
export type Reading =
  | { readonly value: number; readonly unit: "mm" | "deg" | "mm2" }
  | { readonly refused: "uncalibrated" | "invalid"; readonly why: string };

const SAME_STEP = 1e-9;
/** How many points a kind needs, and how many it can take. */
export const POINTS: Record<CaliperKind, { least: number; most: number }> = {
  length: { least: 2, most: 2 },
  angle: { least: 3, most: 3 },
  area: { least: 3, most: Infinity },
};

/** Return the calliper's value, exact, or its refusal in words. */
export function readCaliper(kind: CaliperKind, points: readonly Point[], regions: readonly Region[]): Reading {
  if (points.length < POINTS[kind].least || (kind === "angle" && points.length > 3)) {
    return invalid(`needs ${POINTS[kind].least} points`);
  }
  if (kind === "area" && crossesItself(points)) return invalid("the outline crosses itself");
  const region = regionFor(points, regions);
  if (!region) return { refused: "uncalibrated", why: "the points share no region that has a scale" };
  const placed = points.map(([x, y]): Point => [x * region.step_x_mm!, y * region.step_y_mm!]);
  if (kind === "length") return { value: pathLength(placed), unit: "mm" };
  if (kind === "area") return { value: polygonArea(placed), unit: "mm2" };
  return angleAtSecond(placed);
}

/** Return the one spatial region in which all points lie, or undefined: then they carry no millimetres. */
export function regionFor(points: readonly Point[], regions: readonly Region[]): Region | undefined {
  const owners = points.map((point) => ownersOf(point, regions));
  const found = owners.flat();
  const first = found[0];
  if (!first || owners.some((own) => own.length === 0)) return undefined;
  if (!found.every((region) => region.spatial && sameStep(region, first))) return undefined;
  return regions.find(
    (region) => region.spatial && sameStep(region, first) && points.every((point) => contains(region, point)),
  );
}

function ownersOf(point: Point, regions: readonly Region[]): readonly Region[] {
  const holding = regions.filter((region) => contains(region, point));
  const top = holding.filter((region) => region.high_priority);
  return top.length ? top : holding;
}

function contains(region: Region, [x, y]: Point): boolean {
  return x >= region.x0 - 0.5 && x < region.x1 + 0.5 && y >= region.y0 - 0.5 && y < region.y1 + 0.5;
}

function sameStep(one: Region, other: Region): boolean {
  return near(one.step_x_mm, other.step_x_mm) && near(one.step_y_mm, other.step_y_mm);
}

function near(a: number | null, b: number | null): boolean {
  return a !== null && b !== null && Math.abs(a - b) <= SAME_STEP * Math.abs(b);
}

function pathLength(points: readonly Point[]): number {
  return points.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - points[i]![0], y - points[i]![1]), 0);
}

function angleAtSecond([first, vertex, last]: readonly Point[]): Reading {
  const [ax, ay] = [first![0] - vertex![0], first![1] - vertex![1]];
  const [bx, by] = [last![0] - vertex![0], last![1] - vertex![1]];
  if ((ax === 0 && ay === 0) || (bx === 0 && by === 0)) return invalid("needs three different points");
  const degrees = (Math.atan2(Math.abs(ax * by - ay * bx), ax * bx + ay * by) * 180) / Math.PI;
  return { value: degrees, unit: "deg" };
}

/** Shoelace formula, from the first point so that large coordinates cost no digits. */
function polygonArea(points: readonly Point[]): number {
  const [ox, oy] = points[0]!;
  const moved = points.map(([x, y]): Point => [x - ox, y - oy]);
  const twice = moved.reduce((sum, [x, y], i) => {
    const [nx, ny] = moved[(i + 1) % moved.length]!;
    return sum + x * ny - y * nx;
  }, 0);
  return Math.abs(twice) / 2;
}

/** True when two edges that are not neighbours cross each other's inside. */
function crossesItself(points: readonly Point[]): boolean {
  const edges = points.map((point, i) => [point, points[(i + 1) % points.length]!] as const);
  return edges.some((one, i) =>
    edges.some((other, j) => j >= i + 2 && !(i === 0 && j === edges.length - 1) && cross(...one, ...other)),
  );
}

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
}

function turn(p: Point, q: Point, r: Point): number {
  return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
}

function invalid(why: string): Reading {
  return { refused: "invalid", why };
}
