/** What is drawn over a picture: vectors in image coordinates, sharp at any zoom. */

import type { Point } from "../geometry";

export type Shape =
  | {
      readonly kind: "line";
      readonly points: readonly Point[];
      readonly colour: string;
      readonly width?: number;
      readonly closed?: boolean;
      readonly dashed?: boolean;
      readonly strength?: number;
      readonly fill?: string;
    }
  | {
      /** An area of several closed lines; one that runs the other way round is a hole. */
      readonly kind: "region";
      readonly loops: readonly (readonly Point[])[];
      readonly colour: string;
      /** How strong its tint is, 0 to 1; its edge is drawn as strong as `edge`. */
      readonly tint: number;
      readonly edge: number;
    }
  | {
      /** A tinted picture over the picture, as large as it; `turn` grows whenever it is painted on. */
      readonly kind: "raster";
      readonly picture: OffscreenCanvas;
      readonly width: number;
      readonly height: number;
      readonly strength: number;
      readonly turn: number;
    }
  | { readonly kind: "knob"; readonly at: Point; readonly colour: string; readonly chosen?: boolean }
  | { readonly kind: "cross"; readonly at: Point; readonly colour: string }
  | {
      readonly kind: "text";
      readonly at: Point;
      readonly text: string;
      readonly colour: string;
      /** Where the text stands to its point: beside it in a box of its own, or bare before it or over it. */
      readonly stand?: "beside" | "before" | "over";
      readonly strength?: number;
    };

type Place = (point: Point) => Point;
type Draw<Kind extends Shape["kind"]> = (
  context: CanvasRenderingContext2D,
  shape: Extract<Shape, { kind: Kind }>,
  place: Place,
) => void;

const HALO = "rgb(0 0 0 / 65%)";
const KNOB_PX = 5;
const CROSS_PX = 14;
const TEXT_FONT = '600 13px "Inter Variable", system-ui, sans-serif';

const DRAW: { [Kind in Shape["kind"]]: Draw<Kind> } = {
  line: drawLine,
  region: drawRegion,
  raster: drawRaster,
  knob: drawKnob,
  cross: drawCross,
  text: drawText,
};

/** Draw `shapes` in their order; `place` takes image points to the canvas. */
export function drawShapes(context: CanvasRenderingContext2D, shapes: readonly Shape[], place: Place): void {
  for (const shape of shapes) {
    context.save();
    (DRAW[shape.kind] as Draw<Shape["kind"]>)(context, shape, place);
    context.restore();
  }
}

function trace(context: CanvasRenderingContext2D, points: readonly Point[], closed: boolean): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  if (closed) context.closePath();
}

function drawLine(context: CanvasRenderingContext2D, shape: Extract<Shape, { kind: "line" }>, place: Place): void {
  const width = shape.width ?? 2;
  trace(context, shape.points.map(place), shape.closed ?? false);
  context.lineJoin = context.lineCap = "round";
  if (shape.fill) {
    context.fillStyle = shape.fill;
    context.fill();
  }
  context.globalAlpha = shape.strength ?? 1;
  if (shape.dashed) context.setLineDash([6, 5]);
  strokeTwice(context, shape.colour, width);
}

function drawRegion(
  context: CanvasRenderingContext2D,
  { loops, colour, tint, edge }: Extract<Shape, { kind: "region" }>,
  place: Place,
): void {
  context.beginPath();
  for (const loop of loops) {
    loop.forEach((point, i) => (i ? context.lineTo(...place(point)) : context.moveTo(...place(point))));
    context.closePath();
  }
  context.fillStyle = context.strokeStyle = colour;
  context.globalAlpha = tint;
  context.fill();
  context.globalAlpha = edge;
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.stroke();
}

function drawRaster(
  context: CanvasRenderingContext2D,
  { picture, width, height, strength }: Extract<Shape, { kind: "raster" }>,
  place: Place,
): void {
  const [left, top] = place([-0.5, -0.5]);
  const [right, bottom] = place([width - 0.5, height - 0.5]);
  context.globalAlpha = strength;
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, left, top, right - left, bottom - top);
}

/** A dark halo under the colour keeps a line visible on bright echoes as well as on black. */
function strokeTwice(context: CanvasRenderingContext2D, colour: string, width: number): void {
  context.strokeStyle = HALO;
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function drawKnob(
  context: CanvasRenderingContext2D,
  { at, colour, chosen }: Extract<Shape, { kind: "knob" }>,
  place: Place,
): void {
  const [x, y] = place(at);
  context.beginPath();
  context.arc(x, y, chosen ? KNOB_PX + 2 : KNOB_PX, 0, 2 * Math.PI);
  context.fillStyle = chosen ? "#ffffff" : "#0c1014";
  context.fill();
  strokeTwice(context, colour, chosen ? 3 : 2);
}

function drawCross(
  context: CanvasRenderingContext2D,
  { at, colour }: Extract<Shape, { kind: "cross" }>,
  place: Place,
): void {
  const [x, y] = place(at);
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    context.moveTo(x + 4 * dx, y + 4 * dy);
    context.lineTo(x + CROSS_PX * dx, y + CROSS_PX * dy);
  }
  strokeTwice(context, colour, 1.5);
}

function drawText(
  context: CanvasRenderingContext2D,
  { at, text, colour, stand = "beside", strength = 1 }: Extract<Shape, { kind: "text" }>,
  place: Place,
): void {
  const [x, y] = place(at);
  context.globalAlpha = strength;
  context.font = TEXT_FONT;
  context.textBaseline = "middle";
  if (stand !== "beside") {
    context.textAlign = stand === "before" ? "right" : "center";
    context.lineJoin = "round";
    context.strokeStyle = HALO;
    context.lineWidth = 4;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
    return;
  }
  const width = context.measureText(text).width;
  context.fillStyle = "rgb(7 9 11 / 82%)";
  context.beginPath();
  context.roundRect(x + 10, y - 11, width + 14, 22, 5);
  context.fill();
  context.fillStyle = colour;
  context.fillText(text, x + 17, y + 0.5);
}
