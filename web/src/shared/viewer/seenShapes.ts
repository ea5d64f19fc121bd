/** What a model saw, as shapes in image coordinates: tinted structures, surfaces, landmarks with their doubt. */

import type { LandmarkKind, SeenLandmark, SeenMap } from "../../api/types";
import { colourOf } from "../colours";
import { words } from "../format";
import type { Point } from "../geometry";
import { outlines } from "./labelMap";
import type { Shape } from "./shapes";

const LEAST_STEPS = 10;
const SURE = 0.5;
const LEAST_STRENGTH = 0.45;
const ELLIPSE_STEPS = 32;

/** Where the cells of a map lie, and what bears a name on it. */
export type Grid = Pick<SeenMap, "columns" | "rows" | "x_px" | "y_px" | "step_px" | "structures">;

export interface SeenLines {
  readonly structure: string;
  readonly lines: readonly (readonly Point[])[];
  readonly confidence: readonly number[];
}

/** The structure that each landmark belongs to, whose colour it has. */
export const OF: Record<LandmarkKind, string> = {
  spinous_tip: "spinous_process",
  lamina: "lamina",
  facet: "articular_process",
  transverse_tip: "transverse_process",
  interlaminar_window: "posterior_complex",
  midline: "background",
  nerve_exit: "nerve",
};

/** Return where a cell of a map lies on the picture. */
export function onPicture({ x_px, y_px, step_px }: Grid, [column, row]: Point): Point {
  return [x_px + column * step_px, y_px + row * step_px];
}

/** Return the tinted areas; one whose surface is drawn as a line needs no edge. */
export function regions(
  map: Grid,
  labels: Uint8Array,
  hidden: ReadonlySet<string>,
  lined: ReadonlySet<string>,
): Shape[] {
  const known = new Map(map.structures.map((one) => [one.id, one]));
  return outlines(labels, map.columns, map.rows, LEAST_STEPS).flatMap(({ id, loops }): Shape[] => {
    const { structure, probability } = known.get(id) ?? { structure: "background", probability: 0 };
    if (hidden.has(structure) || !loops.length) return [];
    const strength = LEAST_STRENGTH + (1 - LEAST_STRENGTH) * probability;
    const placed = loops.map((loop) => loop.map((point) => onPicture(map, point)));
    const [tint, edge] = [0.24 * strength, lined.has(structure) ? 0 : 0.8 * strength];
    return [{ kind: "region", loops: placed, colour: colourOf(structure), tint, edge }];
  });
}

/** Return the lines of a surface; one that is less sure is fainter, and broken below SURE. */
export function lines({ structure, lines: runs, confidence }: SeenLines): Shape[] {
  return runs.map((points, i): Shape => {
    const sure = confidence[i] ?? 1;
    const strength = LEAST_STRENGTH + (1 - LEAST_STRENGTH) * sure;
    return { kind: "line", points, colour: colourOf(structure), width: 2.5, dashed: sure < SURE, strength };
  });
}

/** Return a landmark: a cross, the ellipse in which it lies with a probability of 95 %, and a name unless it has one. */
export function mark(
  { landmark, at_px, long_px, short_px, turn_rad, confidence }: SeenLandmark,
  named: boolean,
): Shape[] {
  const colour = colourOf(OF[landmark]);
  const points = Array.from({ length: ELLIPSE_STEPS }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / ELLIPSE_STEPS;
    const [along, across] = [long_px * Math.cos(angle), short_px * Math.sin(angle)];
    const [cos, sin] = [Math.cos(turn_rad), Math.sin(turn_rad)];
    return [at_px[0] + along * cos - across * sin, at_px[1] + along * sin + across * cos];
  });
  const strength = LEAST_STRENGTH + (1 - LEAST_STRENGTH) * confidence;
  const name: Shape = { kind: "text", at: at_px, text: words(landmark), colour, strength };
  return [
    { kind: "line", points, colour, closed: true, width: 1, dashed: confidence < SURE, strength },
    { kind: "cross", at: at_px, colour },
    ...(confidence >= SURE && !named ? [name] : []),
  ];
}
