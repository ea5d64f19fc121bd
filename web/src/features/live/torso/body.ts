/**
 * A whole torso around a known back: the skin where it is known, and a body that nobody scans around it.
 *
 * Every cross-section runs from the couch on one side over the back to the couch on the other.
 */

import { clamp, heightAt, type HeightMap } from "../skin";
import type { Vector } from "../vectors";

/** Corners (x, y, z), and triangles of them that turn to the left where they are seen from outside. */
export interface Mesh {
  readonly points: Float32Array;
  readonly triangles: Uint32Array;
}

/** `shade`: for each corner, 0 in a hollow, 1 on a crest. */
export interface Torso extends Mesh {
  readonly columns: number;
  readonly shade: Float32Array;
}

const STEP_MM = 5;
const HEAD_MM = 250;
const FEET_MM = 260;
/** How thick a body of that skin is, from the back to the couch. */
const THICK_MM = 205;
const FLANK_STEPS = 9;
const UNDER_STEPS = 5;
const HOLLOW_MM = 14;
const SHADE_PER_MM = 0.22;
const SHEET_MM = 4;
const FOLD_MM = 2.2;
/** The hem of the sheet: how thick, how long, and how far below the skin that can be scanned. */
const HEM_MM = 7;
const HEM_LONG_MM = 9;
const HEM_GAP_MM = 6;
const TEAR_STEPS = 4;

/** Return the height of the couch under that back. */
export function couchOf(skin: HeightMap): number {
  return heightAt(skin, skin.x0 + width(skin) / 2, skin.z0 + length(skin) / 2) - THICK_MM;
}

/** Return the surface of the torso. */
export function torsoOf(skin: HeightMap): Torso {
  const couch = couchOf(skin);
  const across = Math.round(width(skin) / STEP_MM);
  const rows = Math.round((length(skin) + HEAD_MM + FEET_MM) / STEP_MM) + 1;
  const columns = across + 1 + 2 * (FLANK_STEPS + UNDER_STEPS);
  const points = new Float32Array(3 * columns * rows);
  const shade = new Float32Array(columns * rows).fill(1);
  for (let row = 0; row < rows; row++) {
    const z = skin.z0 - FEET_MM + row * STEP_MM;
    section(skin, z, couch, across).forEach((point, column) => points.set(point, 3 * (row * columns + column)));
    for (let column = 0; column <= across; column++) {
      const x = skin.x0 + (column * width(skin)) / across;
      shade[row * columns + FLANK_STEPS + UNDER_STEPS + column] = crestAt(skin, x, z);
    }
  }
  return { columns, points, shade, triangles: weave(columns, rows) };
}

/** Return a sheet over the hips, a little above the skin, with a rolled hem and soft folds. */
export function drapeOf(skin: HeightMap): Mesh {
  const { columns, points } = torsoOf(skin);
  const rows = Math.floor((FEET_MM - HEM_GAP_MM) / STEP_MM) + 1;
  const sheet = points.slice(0, 3 * columns * rows);
  const centre: readonly [number, number] = [skin.x0 + width(skin) / 2, couchOf(skin) + THICK_MM / 2];
  for (let i = 0; i < sheet.length; i += 3) {
    const [x, y, z] = [sheet[i]! - centre[0], sheet[i + 1]! - centre[1], sheet[i + 2]!];
    const hem = HEM_MM * Math.exp(-(((skin.z0 - HEM_GAP_MM - z) / HEM_LONG_MM) ** 2));
    const fold = FOLD_MM * (1 + Math.sin(z / 17 + 1.4 * Math.sin(x / 46)) * Math.sin(x / 23 + z / 61));
    const grown = 1 + (SHEET_MM + hem + fold) / Math.hypot(x, y);
    [sheet[i], sheet[i + 1]] = [centre[0] + x * grown, centre[1] + y * grown];
  }
  return { points: sheet, triangles: weave(columns, rows) };
}

/** Return a surface that is known only in parts, torn where it jumps. */
export function reliefOf(map: HeightMap): Mesh {
  const { columns, rows, heights, step } = map;
  const points = Float32Array.from({ length: 3 * heights.length }, (_, i) => {
    const at = Math.floor(i / 3);
    if (i % 3 === 0) return map.x0 + step * (at % columns);
    return i % 3 === 1 ? heights[at]! || 0 : map.z0 + step * Math.floor(at / columns);
  });
  const whole = (corners: readonly number[]): boolean => {
    const found = corners.map((at) => heights[at]!);
    return found.every(Number.isFinite) && Math.max(...found) - Math.min(...found) < TEAR_STEPS * step;
  };
  const all = weave(columns, rows);
  const kept: number[] = [];
  for (let i = 0; i < all.length; i += 3) {
    const corners = [all[i]!, all[i + 1]!, all[i + 2]!];
    if (whole(corners)) kept.push(...corners);
  }
  return { points, triangles: Uint32Array.from(kept) };
}

/** Two triangles for each four neighbours of a grid. */
function weave(columns: number, rows: number): Uint32Array {
  const corners: number[] = [];
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      corners.push(at, at + columns, at + 1, at + 1, at + columns, at + columns + 1);
    }
  }
  return Uint32Array.from(corners);
}

/** Return the height of the back at (`x`, `z`), also above and below what is known: chest and buttocks. */
export function backAt(skin: HeightMap, x: number, z: number): number {
  const [low, high] = [skin.z0, skin.z0 + length(skin)];
  const up = smoothstep(0, HEAD_MM, z - high);
  const down = smoothstep(0, 0.55 * FEET_MM, low - z);
  const aside = (x - skin.x0) / width(skin) - 0.5;
  const cheeks = 34 * Math.sin(Math.PI * clamp((low - z) / (0.9 * FEET_MM), 0, 1)) * Math.min(1, (6 * aside) ** 2);
  const flat = heightAt(skin, skin.x0 + width(skin) / 2, z);
  const height = heightAt(skin, x, z);
  return height + up * (14 - 0.35 * (height - flat)) + down * (10 - 0.5 * (height - flat)) + cheeks;
}

/** One cross-section from right to left: under the belly, up the flank, over the back, and down again. */
function section(skin: HeightMap, z: number, couch: number, across: number): Vector[] {
  const [right, left] = [skin.x0, skin.x0 + width(skin)];
  const middle = Array.from({ length: across + 1 }, (_, i): Vector => {
    const x = right + (i * (left - right)) / across;
    return [x, backAt(skin, x, z), z];
  });
  const spread = 1 + 0.28 * smoothstep(0, 170, skin.z0 - z) + 0.12 * smoothstep(0, HEAD_MM, z - skin.z0 - length(skin));
  return [
    ...flank(middle[0]!, middle[1]!, couch, spread).reverse(),
    ...middle,
    ...flank(middle.at(-1)!, middle.at(-2)!, couch, spread),
  ];
}

/** From the edge of the back outward and down, as it came: to the widest place, then in again on the couch. */
function flank(edge: Vector, inner: Vector, couch: number, spread: number): Vector[] {
  const sign = Math.sign(edge[0] - inner[0]);
  const slope = clamp((inner[1] - edge[1]) / Math.abs(edge[0] - inner[0]), 0.02, 4);
  const [high, widest] = [edge[1], couch + 0.42 * (edge[1] - couch)];
  const drop = high - widest;
  const out = (drop * spread) / (0.55 + 1.3 * slope);
  const points: Vector[] = [];
  for (let i = 1; i <= FLANK_STEPS; i++) {
    const t = i / FLANK_STEPS;
    // Hermite: leaves along the back's slope, arrives straight down.
    const [h10, h01, h11] = [t ** 3 - 2 * t ** 2 + t, 3 * t ** 2 - 2 * t ** 3, t ** 3 - t ** 2];
    const pull = 1.4 * out;
    points.push([
      edge[0] + sign * (h10 * pull + h01 * out),
      high - h10 * pull * slope - h01 * drop - h11 * drop,
      edge[2],
    ]);
  }
  for (let i = 1; i <= UNDER_STEPS; i++) {
    const angle = ((Math.PI / 2) * i) / UNDER_STEPS;
    const inward = 0.42 * drop * (1 - Math.cos(angle));
    points.push([edge[0] + sign * (out - inward), widest - (widest - couch) * Math.sin(angle), edge[2]]);
  }
  return points;
}

/** Return how much a place stands out among its neighbours: hollows are darker, as under a lamp. */
function crestAt(skin: HeightMap, x: number, z: number): number {
  const around = [-1, 1]
    .map((sign) => backAt(skin, x + sign * HOLLOW_MM, z))
    .reduce((sum, height) => sum + height / 2, 0);
  return clamp(0.86 + SHADE_PER_MM * (backAt(skin, x, z) - around), 0, 1);
}

function smoothstep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

function width(skin: HeightMap): number {
  return (skin.columns - 1) * skin.step;
}

function length(skin: HeightMap): number {
  return (skin.rows - 1) * skin.step;
}
