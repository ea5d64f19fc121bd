/**
 * How the probe is held: where on the skin, how hard, and turned, tilted and rocked from standing upright on it.
 *
 * Frame "Probe": origin in the middle of its face, x across the picture to its right, y into the body, z out of the
 * picture. Upright and not turned it lies across the spine, with the patient's left at the left of the picture;
 * turned by +90 degrees it lies along the spine, with the head at the left.
 */

import type { Machine } from "../../api/types";
import { clamp, keepOn, nearest, normalAt, pointAt, polar, radiusAt, slopesAt, type Skin, type Spot } from "./skin";
import { add, cross, dot, scaled, unit, type Vector } from "./vectors";

/**
 * Millimetres and degrees. `around`, `z`: the place on the skin; `press`: how far the face lies behind it; `tilt`: about
 * x, fans through the body; `rock`: about z, one end of the face deeper.
 */
export interface Hold {
  readonly around: number;
  readonly z: number;
  readonly press: number;
  readonly turn: number;
  readonly tilt: number;
  readonly rock: number;
}

/** The face of a probe: along it, and its radius, or null where it is flat. */
export type Face = Pick<Machine, "width_mm" | "radius_mm">;

/** Probe to Patient: 4 x 4, row by row, millimetres. */
export type Matrix = readonly number[];

export const MOST_PRESS_MM = 15;
export const MOST_TILT_DEG = 60;
export const MOST_ROCK_DEG = 45;
/** How near to the edge of the known skin the probe may stand. */
const MARGIN_MM = 8;
/** So much of the face to either side of its middle is to touch; the rest is gel. */
const SEATED_SHARE = 0.8;
const LEAST_SEAT_MM = 1;
const MOST_SEAT_MM = 8;
const DEGREE = Math.PI / 180;

type Axes = readonly [Vector, Vector, Vector];

/** Return the hold nearest to `hold` that is possible on that skin. */
export function possible(skin: Skin, hold: Hold): Hold {
  const [around, z] = keepOn(skin, spot(hold), MARGIN_MM);
  return {
    around,
    z,
    press: clamp(hold.press, -MOST_PRESS_MM, MOST_PRESS_MM),
    turn: wrapped(hold.turn),
    tilt: clamp(hold.tilt, -MOST_TILT_DEG, MOST_TILT_DEG),
    rock: clamp(hold.rock, -MOST_ROCK_DEG, MOST_ROCK_DEG),
  };
}

/** Return the hold after the probe slid over the skin by `across` mm to the patient's right and `along` to the head. */
export function slid(skin: Skin, hold: Hold, across: number, along: number): Hold {
  const [left, head] = slopesAt(skin, spot(hold)).map((way) => Math.hypot(...way)) as [number, number];
  return possible(skin, { ...hold, around: hold.around - across / left, z: hold.z + along / head });
}

/** Return the pose of a probe held like that. */
export function poseOf(skin: Skin, hold: Hold): Matrix {
  const axes = upright(skin, spot(hold));
  const [x, y, z] = turned(hold).map((local) => outOf(axes, local)) as unknown as Axes;
  const origin = add(pointAt(skin, spot(hold)), scaled(axes[1], hold.press));
  return [x[0], y[0], z[0], origin[0], x[1], y[1], z[1], origin[1], x[2], y[2], z[2], origin[2], 0, 0, 0, 1];
}

/** Return how hard a hand presses a probe there, mm: until most of its face touches skin, as far as skin gives way. */
export function seat(skin: Skin, hold: Hold, machine: Face): number {
  const pose = poseOf(skin, { ...hold, press: 0 });
  const [across, inward, , origin] = [0, 1, 2, 3].map((i) => column(pose, i)) as [Vector, Vector, Vector, Vector];
  const gaps = [-SEATED_SHARE, 0, SEATED_SHARE].map((share) => {
    const [x, y] = faceAt(machine, share);
    const [around, z, radius] = polar(skin, add(origin, add(scaled(across, x), scaled(inward, y))));
    return radius - radiusAt(skin, around, z);
  });
  return clamp(Math.max(...gaps), 0, MOST_SEAT_MM) + LEAST_SEAT_MM;
}

/** Return the point of the face at `share` of the way from its middle (-1 to 1), `behind` mm back into the housing. */
export function faceAt({ width_mm, radius_mm }: Face, share: number, behind = 0): readonly [x: number, y: number] {
  if (radius_mm === null) return [(share * width_mm) / 2, -behind];
  const angle = (share * width_mm) / 2 / radius_mm;
  return [(radius_mm - behind) * Math.sin(angle), (radius_mm - behind) * Math.cos(angle) - radius_mm];
}

/** Return how a probe in that pose is held: `poseOf` leads back to it. */
export function holdOf(skin: Skin, pose: Matrix): Hold {
  const { spot: at, behind } = nearest(skin, column(pose, 3));
  const axes = upright(skin, at);
  const [x, y, z] = [0, 1, 2].map((i) => into(axes, column(pose, i))) as unknown as Axes;
  return {
    around: at[0],
    z: at[1],
    press: behind,
    turn: Math.atan2(z[0], z[2]) / DEGREE,
    tilt: Math.asin(clamp(-z[1], -1, 1)) / DEGREE,
    rock: Math.atan2(x[1], y[1]) / DEGREE,
  };
}

/** Return where on the skin the middle of the face stands. */
export function spot({ around, z }: Pick<Hold, "around" | "z">): Spot {
  return [around, z];
}

/** Return column `index` of a pose: the axes of the probe, then its origin. */
export function column(pose: Matrix, index: number): Vector {
  return [pose[index]!, pose[4 + index]!, pose[8 + index]!];
}

/** Return a hold part of the way from one to another, the shorter way round. */
export function between(from: Hold, to: Hold, share: number): Hold {
  const mix = (a: number, b: number): number => a + (b - a) * share;
  return {
    around: mix(from.around, to.around),
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

/** The axes of a probe that stands upright on the skin, not turned: x to the patient's right, z to the head. */
function upright(skin: Skin, at: Spot): Axes {
  const [left] = slopesAt(skin, at);
  const [inward, across] = [scaled(normalAt(skin, at), -1), scaled(unit(left), -1)];
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
