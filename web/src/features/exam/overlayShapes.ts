/** What was seen in a frame, and what people measured in it, as vectors. */

import type { Finding, FrameOverlay } from "../../api/types";
import { colourOf } from "../../shared/colours";
import { unitText, valueText } from "../../shared/format";
import type { Shape } from "../../shared/viewer/shapes";

/** Kinds of overlay that can be shown or hidden. */
export interface Shown {
  readonly surfaces: boolean;
  readonly field: boolean;
  readonly text: boolean;
  readonly callipers: boolean;
}

const FIELD = "#7d8b97";
const CALLIPER = "#f4f7fa";
const SURE = 0.5;
const LEAST_STRENGTH = 0.55;

/** Return the shapes of what was seen; a line that is less sure is fainter, and broken below SURE. */
export function seenShapes(overlay: FrameOverlay, shown: Shown): readonly Shape[] {
  const shapes: Shape[] = [];
  if (shown.field && overlay.sector.length > 2) {
    shapes.push({ kind: "line", points: overlay.sector, colour: FIELD, width: 1, closed: true, dashed: true });
  }
  if (shown.text) shapes.push(...overlay.text_boxes.map(boxShape));
  if (shown.surfaces) shapes.push(...overlay.surfaces.flatMap(surfaceShapes));
  return shapes;
}

function surfaceShapes(surface: FrameOverlay["surfaces"][number]): Shape[] {
  return surface.lines.map((points, i) => {
    const sure = surface.edited ? 1 : (surface.confidence[i] ?? 1);
    return {
      kind: "line",
      points,
      colour: colourOf(surface.structure),
      width: 2.5,
      dashed: sure < SURE,
      strength: LEAST_STRENGTH + (1 - LEAST_STRENGTH) * sure,
    };
  });
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
    { kind: "line", points, colour: CALLIPER, width: chosen ? 3 : 1.5, closed: finding.quantity === "area" },
    ...points.map((at): Shape => ({ kind: "knob", at, colour: CALLIPER, chosen })),
    { kind: "text", at: last, text: `${valueText(finding.value)} ${unitText(finding.unit)}`, colour: CALLIPER },
  ];
}
