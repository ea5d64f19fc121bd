/** What is being placed on the picture: the line of the M-mode, or the two sub-regions of a fascia. */

import type { MotionPlaces } from "../../api/types";
import type { Point } from "../../shared/geometry";
import type { Shape } from "../../shared/viewer/shapes";
import type { Tool } from "../../shared/viewer/tool";
import type { Size } from "../../shared/viewer/view";

export const LINE_COLOUR = "#8fe3c0";
export const LAYER_COLOURS = ["#ffd28a", "#c9b6ff"] as const;
/** Between the centres of the sub-regions, their width and their height, mm (Langevin et al. 2011 for the first). */
const APART_MM = 2;
const WIDTH_MM = 15;
const TALL_MM = 1.2;
const LEAST_PX = 8;

export type Handle = "near" | "far" | "layers";
export type Line = readonly [Point, Point];

export class Placing implements Tool {
  line = $state.raw<Line | null>(null);
  layers = $state.raw<Point | null>(null);
  /** What arrows move. */
  handle = $state<Handle>("near");
  #grabbed: Handle | undefined;
  #grip: Point = [0, 0];

  constructor(
    readonly what: "line" | "layers",
    places: MotionPlaces,
    private readonly image: Size,
    private readonly step: readonly [number, number] | null,
    private readonly done: (places: MotionPlaces) => void,
  ) {
    this.line = places.line ?? null;
    this.layers = places.layers ?? null;
    if (what === "layers") this.handle = "layers";
  }

  get places(): MotionPlaces {
    return {
      line: this.line && [[...this.line[0]], [...this.line[1]]],
      layers: this.layers && [...this.layers],
    };
  }

  down(at: Point, reach: number): boolean {
    if (this.what === "layers") {
      const middle = this.layers;
      const near = middle && Math.hypot(at[0] - middle[0], at[1] - middle[1]) <= 4 * reach;
      this.#grip = near ? [middle[0] - at[0], middle[1] - at[1]] : [0, 0];
      this.#grab("layers", at);
      return true;
    }
    this.#grip = [0, 0];
    const end = this.line?.findIndex((point) => Math.hypot(point[0] - at[0], point[1] - at[1]) <= reach) ?? -1;
    if (end < 0) this.line = [this.#inside(at), this.#inside(at)];
    this.#grab(end === 0 ? "near" : "far", at);
    return true;
  }

  move(at: Point): void {
    if (this.#grabbed) this.#put(this.#grabbed, [at[0] + this.#grip[0], at[1] + this.#grip[1]]);
  }

  up(): void {
    if (!this.#grabbed) return;
    this.#grabbed = undefined;
    this.keep();
  }

  /** Follow at what is placed now, where that makes sense. */
  keep(): boolean {
    const long = !this.line || Math.hypot(this.line[1][0] - this.line[0][0], this.line[1][1] - this.line[0][1]);
    if (long !== true && long < LEAST_PX) return false;
    this.done(this.places);
    return true;
  }

  /** Move what is chosen, by keyboard; what is not there yet begins in the middle. */
  nudge(dx: number, dy: number): boolean {
    const { width, height } = this.image;
    if (this.what === "layers") this.layers ??= [width / 2, height / 4];
    else
      this.line ??= [
        [width / 2, height / 4],
        [width / 2, height / 2],
      ];
    const from = this.handle === "layers" ? this.layers! : this.line![this.handle === "near" ? 0 : 1];
    this.#put(this.handle, [from[0] + dx, from[1] + dy]);
    return true;
  }

  /** Choose the other end. */
  other(): boolean {
    if (this.what === "layers") return false;
    this.handle = this.handle === "near" ? "far" : "near";
    return true;
  }

  get shapes(): readonly Shape[] {
    const chosen = this.what === "line" ? this.handle : undefined;
    return [
      ...(this.line ? lineShapes(this.line, chosen) : []),
      ...(this.layers && this.step ? layerShapes(this.layers, this.step, this.what === "layers") : []),
    ];
  }

  #grab(handle: Handle, at: Point): void {
    this.#grabbed = handle;
    this.handle = handle;
    this.move(at);
  }

  #put(handle: Handle, at: Point): void {
    const to = this.#inside(at);
    if (handle === "layers") this.layers = to;
    else if (this.line) this.line = handle === "near" ? [to, this.line[1]] : [this.line[0], to];
  }

  #inside([x, y]: Point): Point {
    return [Math.min(this.image.width - 1, Math.max(0, x)), Math.min(this.image.height - 1, Math.max(0, y))];
  }
}

/** Return the line of the M-mode with its two ends. */
export function lineShapes(line: Line, chosen?: Handle): Shape[] {
  return [
    { kind: "line", points: line, colour: LINE_COLOUR },
    ...line.map((at, end): Shape => ({ kind: "knob", at, colour: LINE_COLOUR, chosen: chosen === ENDS[end] })),
  ];
}

const ENDS: readonly Handle[] = ["near", "far"];

/** Return the two sub-regions around their middle; `went`: how far each has gone, pixels. */
export function layerShapes(
  [x, y]: Point,
  [stepX, stepY]: readonly [number, number],
  chosen: boolean,
  went: readonly (readonly [number, number])[] = [],
): Shape[] {
  const [half, tall, apart] = [WIDTH_MM / 2 / stepX, TALL_MM / 2 / stepY, APART_MM / 2 / stepY];
  const shapes = [-1, 1].map((way, n): Shape => {
    const [cx, cy] = [x + (went[n]?.[0] ?? 0), y + way * apart + (went[n]?.[1] ?? 0)];
    const points: Point[] = [
      [cx - half, cy - tall],
      [cx + half, cy - tall],
      [cx + half, cy + tall],
      [cx - half, cy + tall],
    ];
    return { kind: "line", points, closed: true, colour: LAYER_COLOURS[n]!, width: chosen ? 3 : 2 };
  });
  return chosen ? [...shapes, { kind: "knob", at: [x, y], colour: LAYER_COLOURS[0], chosen: true }] : shapes;
}
