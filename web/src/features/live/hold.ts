/**
 * How the probe is held: where on the skin, how hard, and turned, tilted and rocked from standing upright on it.
 *
 * Frame "Probe": origin in the middle of its face, x across the picture to its right, y into the body, z out of the
 * picture. Upright and not turned it lies across the spine, with the patient's left at the left of the picture;
 * turned by +90 degrees it lies along the spine, with the head at the left.
 */

import { clamp, heightAt, keepOn, normalAt, type HeightMap } from "./skin";
import { add, cross, dot, minus, scaled, unit, type Vector } from "./vectors";

/** Millimetres and degrees. `tilt`: about x, fans through the body; `rock`: about z, one end of the face deeper. */
export interface Hold {
  readonly x: number;
  readonly z: number;
  readonly press: number;
  readonly turn: number;
  readonly tilt: number;
  readonly rock: number;
}

/** Probe to Patient: 4 x 4, row by row, millimetres. */
export type Matrix = readonly number[];

export const MOST_PRESS_MM = 15;
export const MOST_TILT_DEG = 60;
export const MOST_ROCK_DEG = 45;
/** How near to the edge of the known skin the probe may stand. */
const MARGIN_MM = 8;
const FOOT_STEPS = 24;
const DEGREE = Math.PI / 180;

type Axes = readonly [Vector, Vector, Vector];

/** Return the hold nearest to `hold` that is possible on that skin. */
export function possible(skin: HeightMap, hold: Hold): Hold {
  const [x, z] = keepOn(skin, hold.x, hold.z, MARGIN_MM);
  return {
    x,
    z,
    press: clamp(hold.press, -MOST_PRESS_MM, MOST_PRESS_MM),
    turn: wrapped(hold.turn),
    tilt: clamp(hold.tilt, -MOST_TILT_DEG, MOST_TILT_DEG),
    rock: clamp(hold.rock, -MOST_ROCK_DEG, MOST_ROCK_DEG),
  };
}

/** Return the hold after the probe slid over the skin by `across` mm to the patient's right and `along` to the head. */
export function slid(skin: HeightMap, hold: Hold, across: number, along: number): Hold {
  const normal = normalAt(skin, hold.x, hold.z);
  // A step over the skin is shorter seen from above, where it climbs.
  const x = hold.x - across * Math.hypot(1, normal[0] / normal[1]) ** -1;
  const z = hold.z + along * Math.hypot(1, normal[2] / normal[1]) ** -1;
  return possible(skin, { ...hold, x, z });
}

/** Return the pose of a probe held like that. */
export function poseOf(skin: HeightMap, hold: Hold): Matrix {
  const axes = upright(skin, hold.x, hold.z);
  const [x, y, z] = turned(hold).map((local) => outOf(axes, local)) as unknown as Axes;
  const origin = add(footAt(skin, hold), scaled(axes[1], hold.press));
  return [x[0], y[0], z[0], origin[0], x[1], y[1], z[1], origin[1], x[2], y[2], z[2], origin[2], 0, 0, 0, 1];
}

/** Return how a probe in that pose is held: `poseOf` leads back to it. */
export function holdOf(skin: HeightMap, pose: Matrix): Hold {
  const origin = column(pose, 3);
  let foot: Vector = origin;
  for (let step = 0; step < FOOT_STEPS; step++) {
    const normal = normalAt(skin, foot[0], foot[2]);
    const height: Vector = [foot[0], heightAt(skin, foot[0], foot[2]), foot[2]];
    foot = add(origin, scaled(normal, dot(minus(height, origin), normal)));
  }
  const axes = upright(skin, foot[0], foot[2]);
  const [x, y, z] = [0, 1, 2].map((i) => into(axes, column(pose, i))) as unknown as Axes;
  const press = dot(minus(origin, [foot[0], heightAt(skin, foot[0], foot[2]), foot[2]]), axes[1]);
  return {
    x: foot[0],
    z: foot[2],
    press,
    turn: Math.atan2(z[0], z[2]) / DEGREE,
    tilt: Math.asin(clamp(-z[1], -1, 1)) / DEGREE,
    rock: Math.atan2(x[1], y[1]) / DEGREE,
  };
}

/** Return where the middle of the face meets the skin. */
export function footAt(skin: HeightMap, hold: Pick<Hold, "x" | "z">): Vector {
  return [hold.x, heightAt(skin, hold.x, hold.z), hold.z];
}

/** Return column `index` of a pose: the axes of the probe, then its origin. */
export function column(pose: Matrix, index: number): Vector {
  return [pose[index]!, pose[4 + index]!, pose[8 + index]!];
}

/** Return a hold part of the way from one to another, the shorter way round. */
export function between(from: Hold, to: Hold, share: number): Hold {
  const mix = (a: number, b: number): number => a + (b - a) * share;
  return {
    x: mix(from.x, to.x),
    z: mix(from.z, to.z),
    press: mix(from.press, to.press),
    turn: wrapped(from.turn + wrapped(to.turn - from.turn) * share),
    tilt: mix(from.tilt, to.tilt),
    rock: mix(from.rock, to.rock),
  };
}

/** Return an angle in degrees between -180 and 180. */
export function wrapped(degrees: number): number {
  return degrees - 360 * Math.ceil((degrees - 180) / 360);
}

/** The axes of a probe that stands upright on the skin, not turned. */
function upright(skin: HeightMap, x: number, z: number): Axes {
  const inward = scaled(normalAt(skin, x, z), -1);
  const right: Vector = [-1, 0, 0];
  const across = unit(minus(right, scaled(inward, dot(right, inward))));
  return [across, inward, cross(across, inward)];
}

/** The axes of the held probe in those of the upright one: turned about y, then tilted about x, then rocked about z. */
function turned({ turn, tilt, rock }: Hold): Axes {
  const [ct, st] = [Math.cos(turn * DEGREE), Math.sin(turn * DEGREE)];
  const [cx, sx] = [Math.cos(tilt * DEGREE), Math.sin(tilt * DEGREE)];
  const [cz, sz] = [Math.cos(rock * DEGREE), Math.sin(rock * DEGREE)];
  return [
    [ct * cz + st * sx * sz, cx * sz, ct * sx * sz - st * cz],
    [st * sx * cz - ct * sz, cx * cz, ct * sx * cz + st * sz],
    [st * cx, -sx, ct * cx],
  ];
}

function outOf([x, y, z]: Axes, local: Vector): Vector {
  return add(add(scaled(x, local[0]), scaled(y, local[1])), scaled(z, local[2]));
}

function into([x, y, z]: Axes, vector: Vector): Vector {
  return [dot(x, vector), dot(y, vector), dot(z, vector)];
}
