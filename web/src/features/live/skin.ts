/**
 * The skin of a trunk as a distance from an axis along the spine: where it is, and which way it faces, on the back as
 * on the flanks. Millimetres and degrees, Patient frame (x left, y to the back, z to the head).
 */

import type { HeightMapView, SkinView } from "../../api/types";
import { add, cross, scaled, unit, type Vector } from "./vectors";

/** Distances from the axis at angle `around0 + column * aroundStep` from straight up, to the left above zero. */
export interface Skin {
  readonly axis: readonly [number, number];
  readonly around0: number;
  readonly aroundStep: number;
  readonly z0: number;
  readonly zStep: number;
  readonly columns: number;
  readonly rows: number;
  readonly radii: Float32Array;
}

/** Heights `y` at (x0 + column * step, z0 + row * step), row by row; NaN where there is nothing. */
export interface HeightMap {
  readonly x0: number;
  readonly z0: number;
  readonly step: number;
  readonly columns: number;
  readonly rows: number;
  readonly heights: Float32Array;
}

/** A place on the skin: degrees around the axis, and along it. */
export type Spot = readonly [around: number, z: number];

const DEGREE = Math.PI / 180;
const SLOPE_OVER_MM = 2;
const SLOPE_OVER_DEG = 1;
const MOST_STEPS = 500;
const LEAST_STEP_MM = 1;
const HALVINGS = 14;
const NEARER_STEPS = 24;

/** Return the skin as the server tells it. */
export function skinOf(told: SkinView): Skin {
  const { axis_mm: axis, around0_deg: around0, around_step_deg: aroundStep, z0_mm: z0, z_step_mm: zStep } = told;
  const radii = Float32Array.from(told.radii_mm);
  return { axis, around0, aroundStep, z0, zStep, columns: told.columns, rows: told.rows, radii };
}

/** Return a height map as the server tells it. */
export function mapOf({ x0_mm, z0_mm, step_mm, columns, rows, heights_mm }: HeightMapView): HeightMap {
  const heights = Float32Array.from(heights_mm, (height) => height ?? NaN);
  return { x0: x0_mm, z0: z0_mm, step: step_mm, columns, rows, heights };
}

/** Return the distance of the skin from the axis, cubic between the knots (Keys 1981, a = -1/2). */
export function radiusAt(skin: Skin, around: number, z: number): number {
  const u = clamp((around - skin.around0) / skin.aroundStep, 0, skin.columns - 1);
  const v = clamp((z - skin.z0) / skin.zStep, 0, skin.rows - 1);
  const [column, row] = [Math.min(Math.floor(u), skin.columns - 2), Math.min(Math.floor(v), skin.rows - 2)];
  const across = weights(u - column);
  const along = weights(v - row);
  let radius = 0;
  for (let j = 0; j < 4; j++) {
    const start = clamp(row + j - 1, 0, skin.rows - 1) * skin.columns;
    for (let i = 0; i < 4; i++) {
      radius += along[j]! * across[i]! * skin.radii[start + clamp(column + i - 1, 0, skin.columns - 1)]!;
    }
  }
  return radius;
}

/** Return a point of the skin. */
export function pointAt(skin: Skin, [around, z]: Spot): Vector {
  return outward(skin, around, z, radiusAt(skin, around, z));
}

/** Return the point `radius` away from the axis. */
export function outward({ axis }: Skin, around: number, z: number, radius: number): Vector {
  return [axis[0] + radius * Math.sin(around * DEGREE), axis[1] + radius * Math.cos(around * DEGREE), z];
}

/** Return how the skin runs there: per degree to the patient's left, and per mm to the head. */
export function slopesAt(skin: Skin, [around, z]: Spot): readonly [Vector, Vector] {
  const difference = (a: Spot, b: Spot, over: number): Vector =>
    scaled(add(pointAt(skin, b), scaled(pointAt(skin, a), -1)), 1 / over);
  return [
    difference([around - SLOPE_OVER_DEG, z], [around + SLOPE_OVER_DEG, z], 2 * SLOPE_OVER_DEG),
    difference([around, z - SLOPE_OVER_MM], [around, z + SLOPE_OVER_MM], 2 * SLOPE_OVER_MM),
  ];
}

/** Return which way the skin faces: out of the body, length 1. */
export function normalAt(skin: Skin, spot: Spot): Vector {
  const [left, head] = slopesAt(skin, spot);
  return unit(cross(head, left));
}

/** Return the place of the skin under a point, seen from the axis. */
export function spotOf(skin: Skin, point: Vector): Spot {
  const [around, z] = polar(skin, point);
  return [around, z];
}

/** Return a point by its angle, its place along the axis and its distance from it. */
export function polar({ axis }: Skin, [x, y, z]: Vector): readonly [around: number, z: number, radius: number] {
  return [Math.atan2(x - axis[0], y - axis[1]) / DEGREE, z, Math.hypot(x - axis[0], y - axis[1])];
}

/** Return the place of the skin nearest to a point, and how far the point lies behind it. */
export function nearest(skin: Skin, point: Vector): { readonly spot: Spot; readonly behind: number } {
  let spot = spotOf(skin, point);
  let behind = 0;
  for (let step = 0; step < NEARER_STEPS; step++) {
    const normal = normalAt(skin, spot);
    const there = pointAt(skin, spot);
    behind = there.reduce((sum, value, i) => sum + (value - point[i]!) * normal[i]!, 0);
    spot = spotOf(skin, add(point, scaled(normal, behind)));
  }
  return { spot, behind };
}

/** Return the place of the back straight above (x, z). */
export function above(skin: Skin, x: number, z: number): Spot {
  let around = 0;
  for (let step = 0; step < NEARER_STEPS; step++) {
    const height = Math.max(1, pointAt(skin, [around, z])[1] - skin.axis[1]);
    around = Math.atan2(x - skin.axis[0], height) / DEGREE;
  }
  return [around, z];
}

/** Return the place of the known skin nearest to a place, `margin` mm inside its edge. */
export function keepOn(skin: Skin, [around, z]: Spot, margin: number): Spot {
  const aside = margin / (radiusAt(skin, around, z) * DEGREE);
  const last = skin.around0 + (skin.columns - 1) * skin.aroundStep;
  const top = skin.z0 + (skin.rows - 1) * skin.zStep;
  return [clamp(around, skin.around0 + aside, last - aside), clamp(z, skin.z0 + margin, top - margin)];
}

/** Return where a line of sight from `from` along `way` (length 1) first meets the known skin, if it does. */
export function meet(skin: Skin, from: Vector, way: Vector): Vector | undefined {
  const gap = (far: number): number => {
    const [around, z, radius] = polar(skin, add(from, scaled(way, far)));
    return radius - radiusAt(skin, around, z);
  };
  let [low, high] = [0, 0];
  for (let step = 0; step < MOST_STEPS && gap(high) > 0; step++) {
    low = high;
    // No skin is so steep that half of the gap could lead through it.
    high += Math.max(LEAST_STEP_MM, 0.5 * gap(low));
  }
  if (gap(high) > 0) return undefined;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (gap(middle) > 0) low = middle;
    else high = middle;
  }
  const found = add(from, scaled(way, high));
  const [around, z] = spotOf(skin, found);
  const [nearAround, nearZ] = keepOn(skin, [around, z], 0);
  return Math.abs(nearAround - around) < skin.aroundStep && Math.abs(nearZ - z) < skin.zStep ? found : undefined;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function weights(t: number): readonly [number, number, number, number] {
  return [
    t * (-0.5 + t * (1 - 0.5 * t)),
    1 + t * t * (-2.5 + 1.5 * t),
    t * (0.5 + t * (2 - 1.5 * t)),
    t * t * (-0.5 + 0.5 * t),
  ];
}
