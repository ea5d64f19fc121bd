/** The map of structures being corrected: brush, eraser and outline, by pointer, finger or keyboard. */

import { colourOf, STRUCTURES } from "../../shared/colours";
import type { Point } from "../../shared/geometry";
import type { Shape } from "../../shared/viewer/shapes";
import type { Tool } from "../../shared/viewer/tool";
import { dab, filled, type Canvas, type Stroke } from "./painting";

export type Mode = "brush" | "erase" | "outline";
export const MODES = ["brush", "erase", "outline"] as const;
export const LEAST_PX = 1;
export const MOST_PX = 80;

const TINT = 0.3;
const RING_STEPS = 40;
const WHITE = "#f4f7fa";
/** An outline that was dragged further than this closes by itself. */
const DRAGGED_POINTS = 6;

export class BrushTool implements Tool {
  mode = $state<Mode>("brush");
  structure = $state("");
  radius = $state(8);
  /** Where the keyboard or the pointer is. */
  at = $state.raw<Point>();

  #past = $state.raw<readonly Stroke[]>([]);
  #future = $state.raw<readonly Stroke[]>([]);
  #outline = $state.raw<readonly Point[]>([]);
  #turn = $state(0);
  #stroke: Map<number, number> | undefined;
  #last: Point | undefined;
  #dragged = 0;
  readonly #tints: readonly (readonly [number, number, number])[] = STRUCTURES.map(channels);
  readonly #picture: OffscreenCanvas;
  readonly #pixels: ImageData;

  constructor(
    readonly canvas: Canvas,
    structure: string,
    at: Point,
  ) {
    const { width, height, labels } = canvas;
    this.structure = structure;
    this.at = at;
    this.#picture = new OffscreenCanvas(width, height);
    this.#pixels = new ImageData(width, height);
    for (let cell = 0; cell < labels.length; cell++) this.#tint(cell);
    this.#show();
  }

  get changed(): boolean {
    return this.#past.length > 0;
  }

  get redoable(): boolean {
    return this.#future.length > 0;
  }

  /** An outline is begun that is not closed yet. */
  get open(): boolean {
    return this.#outline.length > 0;
  }

  down(at: Point): boolean {
    this.at = at;
    this.#dragged = 0;
    if (this.mode === "outline") {
      this.#outline = [...this.#outline, at];
    } else {
      this.#stroke = new Map();
      this.#paint(dab(this.canvas, at, at, this.radius));
    }
    this.#last = at;
    return true;
  }

  move(at: Point): void {
    this.at = at;
    if (!this.#last) return;
    this.#dragged++;
    if (this.mode === "outline") this.#outline = [...this.#outline, at];
    else this.#paint(dab(this.canvas, this.#last, at, this.radius));
    this.#last = at;
  }

  up(): void {
    this.#last = undefined;
    if (this.mode === "outline" && this.#dragged >= DRAGGED_POINTS) this.close();
    else this.#finish();
  }

  hover(at: Point): void {
    this.at = at;
  }

  doubled(): void {
    this.close();
  }

  /** Fill the outline with the structure. */
  close(): void {
    const outline = this.#outline;
    this.#outline = [];
    if (outline.length < 3) return;
    this.#stroke = new Map();
    this.#paint(filled(this.canvas, outline));
    this.#finish();
  }

  /** Move the keyboard's place. */
  nudge(dx: number, dy: number): void {
    const [x, y] = this.at ?? [this.canvas.width / 2, this.canvas.height / 2];
    this.at = [clamp(x + dx, this.canvas.width), clamp(y + dy, this.canvas.height)];
  }

  /** Do at the keyboard's place what a click does. */
  press(): void {
    if (!this.at) return;
    this.down(this.at);
    this.up();
  }

  /** Take up the next of brush, eraser and outline. */
  next(): void {
    this.mode = MODES[(MODES.indexOf(this.mode) + 1) % MODES.length]!;
  }

  resize(by: number): void {
    this.radius = Math.min(MOST_PX, Math.max(LEAST_PX, this.radius + by));
  }

  undo(): boolean {
    if (this.#outline.length) {
      this.#outline = this.#outline.slice(0, -1);
      return true;
    }
    const stroke = this.#past.at(-1);
    if (!stroke) return false;
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, stroke];
    this.#set(stroke.cells, stroke.before);
    return true;
  }

  redo(): boolean {
    const stroke = this.#future.at(-1);
    if (!stroke) return false;
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, stroke];
    this.#set(stroke.cells, stroke.after);
    return true;
  }

  get shapes(): readonly Shape[] {
    const { width, height } = this.canvas;
    const colour = this.mode === "erase" ? WHITE : colourOf(this.structure);
    const shapes: Shape[] = [
      { kind: "raster", picture: this.#picture, width, height, strength: TINT, turn: this.#turn },
    ];
    if (this.#outline.length) shapes.push({ kind: "line", points: this.#outline, colour, width: 2, dashed: true });
    if (this.at && this.mode === "outline") shapes.push({ kind: "cross", at: this.at, colour });
    else if (this.at)
      shapes.push({ kind: "line", points: ring(this.at, this.radius), colour, closed: true, width: 1.5 });
    return shapes;
  }

  /** Give cells the structure; the eraser takes it from those that bear it. */
  #paint(cells: readonly number[]): void {
    const { labels } = this.canvas;
    const id = STRUCTURES.indexOf(this.structure);
    for (const cell of cells) {
      const was = labels[cell]!;
      const becomes = this.mode === "erase" ? (was === id ? 0 : was) : id;
      if (becomes === was) continue;
      if (!this.#stroke?.has(cell)) this.#stroke?.set(cell, was);
      labels[cell] = becomes;
      this.#tint(cell);
    }
    this.#show();
  }

  #finish(): void {
    const stroke = this.#stroke;
    this.#stroke = undefined;
    if (!stroke?.size) return;
    const cells = [...stroke.keys()];
    const after = cells.map((cell) => this.canvas.labels[cell]!);
    this.#past = [...this.#past, { cells, before: [...stroke.values()], after }];
    this.#future = [];
  }

  #set(cells: readonly number[], values: readonly number[]): void {
    cells.forEach((cell, i) => {
      this.canvas.labels[cell] = values[i]!;
      this.#tint(cell);
    });
    this.#show();
  }

  #tint(cell: number): void {
    const id = this.canvas.labels[cell]!;
    const [red, green, blue] = this.#tints[id] ?? [0, 0, 0];
    const { data } = this.#pixels;
    [data[4 * cell], data[4 * cell + 1], data[4 * cell + 2], data[4 * cell + 3]] = [red, green, blue, id ? 255 : 0];
  }

  #show(): void {
    this.#picture.getContext("2d")!.putImageData(this.#pixels, 0, 0);
    this.#turn++;
  }
}

function channels(structure: string): readonly [number, number, number] {
  const value = parseInt(colourOf(structure).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function ring([x, y]: Point, radius: number): Point[] {
  return Array.from({ length: RING_STEPS }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / RING_STEPS;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

function clamp(value: number, size: number): number {
  return Math.min(size - 1, Math.max(0, value));
}
