/** The back as a height over a grid: where the skin is, and which way it faces. Millimetres, Patient frame. */

import type { HeightMapView } from "../../api/types";
import { add, scaled, unit, type Vector } from "./vectors";

/** Heights `y` at (x0 + column * step, z0 + row * step), row by row; NaN where there is nothing. */
export interface HeightMap {
  readonly x0: number;
  readonly z0: number;
  readonly step: number;
  readonly columns: number;
  readonly rows: number;
  readonly heights: Float32Array;
}

const SLOPE_OVER_MM = 2;
const MOST_STEPS = 400;
const LEAST_STEP_MM = 1;
const HALVINGS = 14;

/** Return the height at (`x`, `z`), cubic between the knots (Keys 1981, a = -1/2); beyond the edge as at the edge. */
export function heightAt(map: HeightMap, x: number, z: number): number {
  const u = clamp((x - map.x0) / map.step, 0, map.columns - 1);
  const v = clamp((z - map.z0) / map.step, 0, map.rows - 1);
  const [column, row] = [Math.min(Math.floor(u), map.columns - 2), Math.min(Math.floor(v), map.rows - 2)];
  const across = weights(u - column);
  const along = weights(v - row);
  let height = 0;
  for (let j = 0; j < 4; j++) {
    const start = clamp(row + j - 1, 0, map.rows - 1) * map.columns;
    for (let i = 0; i < 4; i++) {
      height += along[j]! * across[i]! * map.heights[start + clamp(column + i - 1, 0, map.columns - 1)]!;
    }
  }
  return height;
}

/** Return which way the skin faces at (`x`, `z`): out of the body, length 1. */
export function normalAt(map: HeightMap, x: number, z: number): Vector {
  const over = SLOPE_OVER_MM;
  const slopeX = (heightAt(map, x + over, z) - heightAt(map, x - over, z)) / (2 * over);
  const slopeZ = (heightAt(map, x, z + over) - heightAt(map, x, z - over)) / (2 * over);
  return unit([-slopeX, 1, -slopeZ]);
}

/** Return the place of the grid nearest to (`x`, `z`), `margin` inside its edge. */
export function keepOn(map: HeightMap, x: number, z: number, margin: number): [number, number] {
  const [width, length] = [(map.columns - 1) * map.step, (map.rows - 1) * map.step];
  return [clamp(x, map.x0 + margin, map.x0 + width - margin), clamp(z, map.z0 + margin, map.z0 + length - margin)];
}

/** Return where a line of sight from `from` along `way` (length 1) first meets the known skin; undefined where it does not. */
export function meet(map: HeightMap, from: Vector, way: Vector): Vector | undefined {
  const above = (far: number): number => {
    const [x, y, z] = add(from, scaled(way, far));
    return y - heightAt(map, x, z);
  };
  let [low, high] = [0, 0];
  for (let step = 0; step < MOST_STEPS && above(high) > 0; step++) {
    low = high;
    // No skin is so steep that half of the gap could lead through it.
    high += Math.max(LEAST_STEP_MM, 0.5 * above(low));
  }
  if (above(high) > 0) return undefined;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (above(middle) > 0) low = middle;
    else high = middle;
  }
  const found = add(from, scaled(way, high));
  const [x, z] = keepOn(map, found[0], found[2], 0);
  return Math.hypot(x - found[0], z - found[2]) < map.step ? found : undefined;
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

/** Return a height map as the server tells it. */
export function mapOf({ x0_mm, z0_mm, step_mm, columns, rows, heights_mm }: HeightMapView): HeightMap {
  const heights = Float32Array.from(heights_mm, (height) => height ?? NaN);
  return { x0: x0_mm, z0: z0_mm, step: step_mm, columns, rows, heights };
}
