/** Where the probe is and what the picture shows, in words: for those who learn, and for those who do not see it. */

import type { Landmark, View } from "../../api/types";
import { column, type Hold, type Matrix } from "./hold";
import type { Vector } from "./vectors";

const MIDLINE_MM = 6;
const STRAIGHT_DEG = 25;
/** Above this share a second direction is worth a word. */
const SECOND = 0.5;

const COUNTED = /^(L\d|S1)$/;

const WAYS: readonly (readonly [string, string])[] = [
  ["Right", "Left"],
  ["Front", "Back"],
  ["Feet", "Head"],
];

/** The standard views in words, with the name that people give to what is seen. */
export const VIEWS: Record<View, { readonly name: string; readonly nickname?: string; readonly sided: boolean }> = {
  transverse_spinous: { name: "Transverse, spinous", sided: false },
  transverse_interlaminar: { name: "Transverse, interlaminar", nickname: "bat", sided: false },
  parasagittal_transverse_process: { name: "Transverse processes", nickname: "trident", sided: true },
  parasagittal_articular_process: { name: "Articular processes", nickname: "camel humps", sided: true },
  parasagittal_lamina: { name: "Laminae", nickname: "horse heads", sided: true },
  midline_sagittal: { name: "Midline, sagittal", sided: false },
  multifidus_transverse: { name: "Multifidus, transverse", sided: true },
  fascia_longitudinal: { name: "Fascia, longitudinal", sided: true },
  abdominal_wall_lateral: { name: "Abdominal wall, lateral", sided: true },
  sacral: { name: "Sacrum", sided: false },
  other: { name: "Other", sided: false },
};

/** Views that a hand can be led to, from over the midline outwards. */
export const LEADABLE = [
  "transverse_spinous",
  "transverse_interlaminar",
  "multifidus_transverse",
  "midline_sagittal",
  "parasagittal_lamina",
  "parasagittal_articular_process",
  "parasagittal_transverse_process",
  "fascia_longitudinal",
  "sacral",
] as const satisfies readonly View[];

/** Return the view after `view` among those that a hand can be led to; none comes before the first and after the last. */
export function nextLeadable(view: View | undefined, by: 1 | -1): View | undefined {
  const all: readonly (View | undefined)[] = [undefined, ...LEADABLE];
  return all[(all.indexOf(view) + by + all.length) % all.length];
}

/** Return which way of the patient a direction points: "Left", or "Left, head" where it points between two. */
export function directionOf(vector: Vector): string {
  const [first, second] = vector
    .map((value, axis) => ({ way: WAYS[axis]![value > 0 ? 1 : 0], size: Math.abs(value) }))
    .sort((a, b) => b.size - a.size);
  return second!.size > SECOND ? `${first!.way}, ${second!.way.toLowerCase()}` : first!.way;
}

/** Return what lies at the left and at the right edge of the picture. */
export function edgesOf(pose: Matrix): readonly [string, string] {
  const [x, y, z] = column(pose, 0);
  return [directionOf([-x, -y, -z]), directionOf([x, y, z])];
}

/** Return the tips of the spinous processes that a hand can count. */
export function tipsOf(landmarks: readonly Landmark[]): readonly Landmark[] {
  return landmarks.filter(({ kind, level }) => kind === "spinous_tip" && COUNTED.test(level));
}

/** Return the level nearest to a place along the spine, between two where it lies between them. */
export function levelAt(z: number, landmarks: readonly Landmark[]): string {
  const tips = tipsOf(landmarks).map((tip) => ({ ...tip, z: tip.point_mm[2] }));
  const [first, second] = tips.sort((a, b) => Math.abs(a.z - z) - Math.abs(b.z - z));
  if (!first) return "";
  if (!second) return first.level;
  const share = Math.abs(z - first.z) / Math.max(1e-6, Math.abs(second.z - first.z));
  const between = share > 0.3 && share < 0.7;
  if (!between) return first.level;
  return first.z > second.z ? `${first.level}/${second.level}` : `${second.level}/${first.level}`;
}

/** Return one line: level, side, direction, and how the probe is tilted. */
export function describe(hold: Hold, pose: Matrix, landmarks: readonly Landmark[]): string {
  const level = levelAt(hold.z, landmarks);
  const x = column(pose, 3)[0];
  const away = Math.round(Math.abs(x));
  const side = away < MIDLINE_MM ? "midline" : `${away} mm ${x > 0 ? "left" : "right"}`;
  return [level, side, lieOf(pose), tiltOf(hold)].filter(Boolean).join(" · ");
}

function lieOf(pose: Matrix): string {
  const [x, , z] = column(pose, 0);
  const angle = (Math.atan2(Math.abs(z), Math.abs(x)) * 180) / Math.PI;
  if (angle < STRAIGHT_DEG) return "transverse";
  return angle > 90 - STRAIGHT_DEG ? "longitudinal" : "oblique";
}

function tiltOf({ tilt, rock }: Hold): string {
  const said = (name: string, value: number): string => (Math.abs(value) < 1 ? "" : `${name} ${Math.round(value)}°`);
  return [said("tilt", tilt), said("rock", rock)].filter(Boolean).join(", ");
}
