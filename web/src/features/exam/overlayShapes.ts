/** What was seen in a frame, and what people measured in it, as vectors. */

import type { Finding, FrameOverlay } from "../../api/types";
import { unitText, valueText } from "../../shared/format";
import { lines, mark, regions } from "../../shared/viewer/seenShapes";
import type { Shape } from "../../shared/viewer/shapes";
import { cellsOf } from "./seen";

/** Kinds of overlay that can be shown or hidden. */
export interface Shown {
  readonly structures: boolean;
  readonly surfaces: boolean;
  readonly field: boolean;
  readonly text: boolean;
  readonly callipers: boolean;
}

const OUTLINES: readonly string[] = ["area", "cross_section_area"];
const FIELD = "#7d8b97";
const CALLIPER = "#f4f7fa";
/** Stands for the landmarks where structures are switched on and off. */
export const LANDMARKS = "landmarks";

/** Return the shapes of what was seen; what is less sure is fainter. `hidden`: structures nobody wants to see. */
export function seenShapes(overlay: FrameOverlay, shown: Shown, hidden: ReadonlySet<string>): readonly Shape[] {
  const shapes: Shape[] = [];
  if (shown.field && overlay.sector.length > 2) {
    shapes.push({ kind: "line", points: overlay.sector, colour: FIELD, width: 1, closed: true, dashed: true });
  }
  if (shown.text) shapes.push(...overlay.text_boxes.map(boxShape));
  const surfaces = shown.surfaces ? overlay.surfaces.filter(({ structure }) => !hidden.has(structure)) : [];
  const lined = new Set(surfaces.filter((one) => one.lines.length).map(({ structure }) => structure));
  const { map } = overlay;
  if (shown.structures && map) shapes.push(...regions(map, cellsOf(map), hidden, lined));
  shapes.push(...surfaces.flatMap(surfaceShapes));
  if (shown.structures && !hidden.has(LANDMARKS)) shapes.push(...overlay.landmarks.flatMap((one) => mark(one, false)));
  return shapes;
}

function surfaceShapes(surface: FrameOverlay["surfaces"][number]): Shape[] {
  return lines(surface.edited ? { ...surface, confidence: surface.lines.map(() => 1) } : surface);
}

function boxShape({ x0, y0, x1, y1 }: FrameOverlay["text_boxes"][number]): Shape {
  const [left, top, right, bottom] = [x0 - 0.5, y0 - 0.5, x1 + 0.5, y1 + 0.5];
  const points = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ] as const;
  return { kind: "line", points, colour: FIELD, width: 1, closed: true };
}

/** Return a kept calliper, with its value. */
export function calliperShapes(finding: Finding, chosen: boolean): readonly Shape[] {
  const points = finding.points_px;
  const last = points.at(-1);
  if (!last || finding.status === "rejected") return [];
  return [
    { kind: "line", points, colour: CALLIPER, width: chosen ? 3 : 1.5, closed: OUTLINES.includes(finding.quantity) },
    ...(finding.quantity === "cross_section_area" ? [] : points).map((at): Shape => ({
      kind: "knob",
      at,
      colour: CALLIPER,
      chosen,
    })),
    { kind: "text", at: last, text: `${valueText(finding.value)} ${unitText(finding.unit)}`, colour: CALLIPER },
  ];
}
