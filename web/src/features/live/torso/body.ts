/**
 * A whole trunk around a known back: the skin where it is known, and a body that nobody scans around it.
 *
 * Every cross-section runs from the couch on the right over the back to the couch on the left.
 */

import { clamp, outward, radiusAt, type HeightMap, type Skin } from "../skin";
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
const STEP_DEG = 2.5;
const HEAD_MM = 250;
const FEET_MM = 260;
/** How far a prone belly reaches below the axis. */
const BELLY_MM = 66;
const UNDER_STEPS = 6;
const HOLLOW_DEG = 5;
const SHADE_PER_MM = 0.2;
const SHEET_MM = 4;
const FOLD_MM = 2.2;
/** The hem of the sheet: how thick, how long, and how far below the skin that can be scanned. */
const HEM_MM = 7;
const HEM_LONG_MM = 9;
const HEM_GAP_MM = 6;
const GOWN_GAP_MM = 60;
const TEAR_STEPS = 4;

/** Return the height of the couch under that back. */
export function couchOf(skin: Skin): number {
  return skin.axis[1] - BELLY_MM;
}

/** Return the surface of the trunk. */
export function torsoOf(skin: Skin): Torso {
  const across = Math.round(width(skin) / STEP_DEG);
  const rows = Math.round((length(skin) + HEAD_MM + FEET_MM) / STEP_MM) + 1;
  const columns = across + 1 + 2 * UNDER_STEPS;
  const points = new Float32Array(3 * columns * rows);
  const shade = new Float32Array(columns * rows).fill(1);
  for (let row = 0; row < rows; row++) {
    const z = skin.z0 - FEET_MM + row * STEP_MM;
    section(skin, z, across).forEach((point, column) => points.set(point, 3 * (row * columns + column)));
    for (let column = 0; column <= across; column++) {
      const around = skin.around0 + (column * width(skin)) / across;
      shade[row * columns + UNDER_STEPS + column] = crestAt(skin, around, z);
    }
  }
  return { columns, points, shade, triangles: weave(columns, rows) };
}

/** Return cloth over the hips, or over the shoulders, a little above the skin, with a rolled hem and soft folds. */
export function clothOf(skin: Skin, over: "hips" | "shoulders"): Mesh {
  const { columns, points } = torsoOf(skin);
  const edge = over === "hips" ? skin.z0 - HEM_GAP_MM : skin.z0 + length(skin) + GOWN_GAP_MM;
  const whole = points.length / (3 * columns);
  const row = Math.round((edge - skin.z0 + FEET_MM) / STEP_MM);
  const [first, last] = over === "hips" ? [0, row - 1] : [row + 1, whole];
  const sheet = points.slice(3 * columns * first, 3 * columns * last);
  for (let i = 0; i < sheet.length; i += 3) {
    const [x, y, z] = [sheet[i]! - skin.axis[0], sheet[i + 1]! - skin.axis[1], sheet[i + 2]!];
    const hem = HEM_MM * Math.exp(-(((edge - z) / HEM_LONG_MM) ** 2));
    const fold = FOLD_MM * (1 + Math.sin(z / 17 + 1.4 * Math.sin(x / 46)) * Math.sin(x / 23 + z / 61));
    const grown = 1 + (SHEET_MM + hem + fold) / Math.hypot(x, y);
    [sheet[i], sheet[i + 1]] = [skin.axis[0] + x * grown, skin.axis[1] + y * grown];
  }
  return { points: sheet, triangles: weave(columns, last - first) };
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

/** Return how far the skin is from the axis, also above and below what is known: chest and buttocks. */
export function bodyRadius(skin: Skin, around: number, z: number): number {
  const [low, high] = [skin.z0, skin.z0 + length(skin)];
  const up = smoothstep(0, HEAD_MM, z - high);
  const down = smoothstep(0, 0.6 * FEET_MM, low - z);
  const aside = Math.min(1, Math.abs(around) / 28);
  const cheeks = 26 * Math.sin(Math.PI * clamp((low - z) / (0.9 * FEET_MM), 0, 1)) * aside ** 2;
  const spread = 1 + 0.1 * up + 0.06 * down;
  return radiusAt(skin, around, z) * (1 + (spread - 1) * Math.abs(Math.sin((around * Math.PI) / 180))) + cheeks;
}

/** One cross-section from right to left: under the belly, up the flank, over the back, and down again. */
function section(skin: Skin, z: number, across: number): Vector[] {
  const middle = Array.from({ length: across + 1 }, (_, i): Vector => {
    const around = skin.around0 + (i * width(skin)) / across;
    return outward(skin, around, z, bodyRadius(skin, around, z));
  });
  return [...under(skin, middle[0]!).reverse(), ...middle, ...under(skin, middle.at(-1)!)];
}

/** From the lowest known point of the flank down to the couch, and in under the belly. */
function under(skin: Skin, [x, y, z]: Vector): Vector[] {
  const [sign, drop] = [Math.sign(x - skin.axis[0]), y - couchOf(skin)];
  return Array.from({ length: UNDER_STEPS }, (_, i): Vector => {
    const angle = ((Math.PI / 2) * (i + 1)) / UNDER_STEPS;
    return [x - sign * 0.55 * drop * (1 - Math.cos(angle)), y - drop * Math.sin(angle), z];
  });
}

/** Return how much a place stands out among its neighbours: hollows are darker, as under a lamp. */
function crestAt(skin: Skin, around: number, z: number): number {
  const beside = [-1, 1].map((sign) => bodyRadius(skin, around + sign * HOLLOW_DEG, z));
  const mean = (beside[0]! + beside[1]!) / 2;
  return clamp(0.9 + SHADE_PER_MM * (bodyRadius(skin, around, z) - mean), 0, 1);
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

function smoothstep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

function width(skin: Skin): number {
  return (skin.columns - 1) * skin.aroundStep;
}

function length(skin: Skin): number {
  return (skin.rows - 1) * skin.zStep;
}
