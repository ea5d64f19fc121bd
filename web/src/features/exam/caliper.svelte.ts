/** A calliper being set: click points, drag to correct, or place them from the keyboard with a crosshair. */

import { POINTS, readCaliper, type CaliperKind, type Point, type Reading, type Region } from "../../shared/geometry";
import { unitText, valueText } from "../../shared/format";
import type { Shape } from "../../shared/viewer/shapes";
import type { Tool } from "../../shared/viewer/tool";
import type { Size } from "../../shared/viewer/view";

const COLOUR = "#f4f7fa";

/** Return a reading as it is written beside a calliper. */
export function readingText(reading: Reading): string {
  if ("value" in reading) return `${valueText(reading.value)} ${unitText(reading.unit)}`;
  return reading.refused === "uncalibrated" ? "uncalibrated" : reading.why;
}

export class CaliperTool implements Tool {
  points = $state.raw<readonly Point[]>([]);
  /** An outline has been closed; length and angle are complete by their count. */
  closed = $state(false);
  /** Where the next point would go: under the pointer, or the keyboard's crosshair; a finger has none. */
  cross = $state.raw<Point>();
  #grabbed = -1;

  constructor(
    readonly kind: CaliperKind,
    private readonly regions: readonly Region[],
    private readonly image: Size,
    cross?: Point,
  ) {
    this.cross = cross;
  }

  get complete(): boolean {
    return this.closed || this.points.length >= POINTS[this.kind].most;
  }

  /** What it measures now, the next point included while points are still missing. */
  get reading(): Reading {
    return readCaliper(this.kind, this.#tentative(), this.regions);
  }

  /** It can be kept: complete, and measurable. */
  get measurable(): boolean {
    return this.complete && "value" in this.reading;
  }

  down(at: Point, reach: number): boolean {
    const near = nearest(this.points, at, reach);
    if (near >= 0 && this.kind === "area" && near === 0 && !this.closed && this.points.length >= POINTS.area.least) {
      this.close();
      return true;
    }
    if (near < 0) this.#add(at);
    this.#grabbed = near >= 0 ? near : this.points.length - 1;
    return true;
  }

  move(at: Point): void {
    if (this.#grabbed < 0) return;
    const moved = this.#inside(at);
    this.points = this.points.map((point, i) => (i === this.#grabbed ? moved : point));
  }

  up(): void {
    this.#grabbed = -1;
  }

  hover(at: Point): void {
    this.cross = this.#inside(at);
  }

  doubled(): void {
    if (this.kind === "area" && this.points.length > POINTS.area.least) {
      this.points = this.points.slice(0, -1);
      this.close();
    }
  }

  /** Place a point at the crosshair. */
  place(): void {
    if (!this.cross || this.complete) return;
    if (this.kind === "area" && nearest(this.points, this.cross, 1) === 0) this.close();
    else this.#add(this.cross);
  }

  /** Close an outline that has enough points. */
  close(): void {
    this.closed = this.points.length >= POINTS.area.least;
  }

  /** Move the crosshair, or the last point of a complete calliper. */
  nudge(dx: number, dy: number): void {
    if (this.complete) {
      const last = this.points.at(-1)!;
      this.points = [...this.points.slice(0, -1), this.#inside([last[0] + dx, last[1] + dy])];
      return;
    }
    if (this.cross) this.cross = this.#inside([this.cross[0] + dx, this.cross[1] + dy]);
  }

  /** Take the last point away; return false when there was none. */
  back(): boolean {
    if (this.points.length === 0) return false;
    if (this.closed) this.closed = false;
    else this.points = this.points.slice(0, -1);
    return true;
  }

  get shapes(): readonly Shape[] {
    const drawn = this.#tentative();
    const shapes: Shape[] = [];
    if (drawn.length > 1) {
      const closed = this.kind === "area" && (this.closed || drawn.length > 2);
      shapes.push({ kind: "line", points: drawn, colour: COLOUR, closed, dashed: !this.complete });
    }
    shapes.push(...this.points.map((at): Shape => ({ kind: "knob", at, colour: COLOUR })));
    if (this.cross && !this.complete) shapes.push({ kind: "cross", at: this.cross, colour: COLOUR });
    if (drawn.length >= POINTS[this.kind].least) {
      shapes.push({ kind: "text", at: drawn.at(-1)!, text: readingText(this.reading), colour: COLOUR });
    }
    return shapes;
  }

  #add(at: Point): void {
    if (this.complete) [this.points, this.closed] = [[], false];
    this.points = [...this.points, this.#inside(at)];
  }

  #tentative(): readonly Point[] {
    return this.complete || !this.cross || this.points.length === 0 ? this.points : [...this.points, this.cross];
  }

  #inside([x, y]: Point): Point {
    return [Math.min(this.image.width - 1, Math.max(0, x)), Math.min(this.image.height - 1, Math.max(0, y))];
  }
}

function nearest(points: readonly Point[], [x, y]: Point, reach: number): number {
  const distances = points.map(([px, py]) => Math.hypot(px - x, py - y));
  const least = Math.min(...distances);
  return least <= reach ? distances.indexOf(least) : -1;
}
