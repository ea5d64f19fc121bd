/** How the grid over the field moves: from the bytes of the server to a tinted picture of one frame. */

import type { MotionField } from "../../api/types";
import { colourAt, MAPS } from "./maps";

/** Which part of a displacement is shown. */
export type Part = "magnitude" | "lateral" | "axial";
export const PARTS: readonly { part: Part; name: string }[] = [
  { part: "magnitude", name: "Magnitude" },
  { part: "lateral", name: "Lateral" },
  { part: "axial", name: "Axial" },
];

/** Picture pixels for one pixel of the tint. */
const COARSE = 4;
const HIGH = 0.98;

export class Grid {
  readonly #moved: Int16Array;

  /** `step`: mm of a pixel, x and y; pixels themselves where there is no scale. */
  constructor(
    private readonly field: MotionField,
    private readonly step: readonly [number, number],
  ) {
    this.#moved = shorts(field.displacement);
  }

  get frames(): number {
    return this.field.n_frames;
  }

  /** Return one part of the displacement of a point, NaN where it was lost. */
  at(frame: number, point: number, part: Part): number {
    const at = 2 * (frame * this.field.points.length + point);
    const [dx, dy] = [this.#moved[at]!, this.#moved[at + 1]!];
    if (dx === this.field.lost || dy === this.field.lost) return NaN;
    const [x, y] = [dx * this.field.unit_px * this.step[0], dy * this.field.unit_px * this.step[1]];
    return part === "magnitude" ? Math.hypot(x, y) : part === "lateral" ? x : y;
  }

  /** Return a round number that nearly every value of the cine lies under. */
  most(part: Part): number {
    const sizes: number[] = [];
    const hop = Math.max(1, Math.floor(this.frames / 200));
    for (let frame = 0; frame < this.frames; frame += hop) {
      for (let point = 0; point < this.field.points.length; point++) {
        const size = Math.abs(this.at(frame, point, part));
        if (size === size) sizes.push(size);
      }
    }
    sizes.sort((a, b) => a - b);
    return roundUp(sizes[Math.floor(HIGH * (sizes.length - 1))] ?? 0);
  }

  /** Paint one frame on a canvas that stands for a picture of that size; what was lost stays clear. */
  paint(canvas: OffscreenCanvas, width: number, height: number, frame: number, part: Part, most: number): void {
    const [columns, rows] = [Math.ceil(width / COARSE), Math.ceil(height / COARSE)];
    if (canvas.width !== columns) canvas.width = columns;
    if (canvas.height !== rows) canvas.height = rows;
    const context = canvas.getContext("2d")!;
    const picture = context.createImageData(columns, rows);
    const between = this.#between(frame, part);
    const map = part === "magnitude" ? MAPS.far : MAPS.ways;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = between((column + 0.5) * (width / columns) - 0.5, (row + 0.5) * (height / rows) - 0.5);
        if (value !== value) continue;
        const share = part === "magnitude" ? value / most : 0.5 + (0.5 * value) / most;
        const [r, g, b] = colourAt(map, share);
        picture.data.set([r, g, b, 255], 4 * (row * columns + column));
      }
    }
    context.putImageData(picture, 0, 0);
  }

  /** Return the value between the points of the grid, bilinear; NaN outside, or where the nearest point was lost. */
  #between(frame: number, part: Part): (x: number, y: number) => number {
    const { rows, columns, points } = this.field;
    const values = points.map((_, point) => this.at(frame, point, part));
    const [x0, y0] = points[0]!;
    const [x1, y1] = points.at(-1)!;
    const [apartX, apartY] = [(x1 - x0) / (columns - 1), (y1 - y0) / (rows - 1)];
    return (x, y) => {
      const [u, v] = [(x - x0) / apartX, (y - y0) / apartY];
      if (u < -0.5 || v < -0.5 || u > columns - 0.5 || v > rows - 0.5) return NaN;
      const [i, j] = [held(Math.floor(v), rows - 2), held(Math.floor(u), columns - 2)];
      const [s, t] = [Math.min(1, Math.max(0, v - i)), Math.min(1, Math.max(0, u - j))];
      const near = values[(i + Math.round(s)) * columns + j + Math.round(t)]!;
      if (near !== near) return NaN;
      const corner = (di: number, dj: number): number => {
        const value = values[(i + di) * columns + j + dj]!;
        return value === value ? value : near;
      };
      return (1 - s) * ((1 - t) * corner(0, 0) + t * corner(0, 1)) + s * ((1 - t) * corner(1, 0) + t * corner(1, 1));
    };
  }
}

function held(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}

/** Return 1, 2 or 5 times a power of ten, no less than `value`; 0.1 for nothing. */
export function roundUp(value: number): number {
  if (!(value > 0.1)) return 0.1;
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((power * [1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9))!).toPrecision(3));
}

/** Return the bytes of base64. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function shorts(text: string): Int16Array {
  const view = new DataView(bytes(text).buffer);
  return Int16Array.from({ length: view.byteLength / 2 }, (_, i) => view.getInt16(2 * i, true));
}
