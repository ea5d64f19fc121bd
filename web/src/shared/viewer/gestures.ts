/** From pointers to intentions: pan, zoom by wheel or pinch, window by the right button, or the tool's own drag. */

import type { Point } from "../geometry";
import type { Tool } from "./tool";

/** What the gestures need to know and can change; the viewer gives it. */
export interface Stage {
  readonly tool: Tool | undefined;
  readonly panning: boolean;
  readonly windowing: boolean;
  toImage(at: Point): Point;
  reach(touch: boolean): number;
  pan(dx: number, dy: number): void;
  zoom(factor: number, at: Point): void;
  window(dx: number, dy: number): void;
  moved(): void;
}

type Drag = "pan" | "window" | "tool" | "pinch" | undefined;

const WHEEL = 0.0016;
const LINE_PX = 32;

export class Gestures {
  #drag: Drag;
  readonly #pointers = new Map<number, Point>();

  constructor(private readonly stage: Stage) {}

  down(event: PointerEvent): void {
    const at = spot(event);
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, at);
    if (this.#pointers.size === 2) {
      if (this.#drag === "tool") this.stage.tool?.up();
      this.#drag = "pinch";
    } else {
      this.#drag = this.#begin(event, at);
    }
  }

  move(event: PointerEvent): void {
    const at = spot(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      this.stage.tool?.hover?.(this.stage.toImage(at));
      return;
    }
    if (this.#drag === "pinch") this.#pinch(event.pointerId, at);
    this.#pointers.set(event.pointerId, at);
    const [dx, dy] = [at[0] - before[0], at[1] - before[1]];
    if (dx || dy) this.stage.moved();
    if (this.#drag === "pan") this.stage.pan(dx, dy);
    if (this.#drag === "window") this.stage.window(dx, dy);
    if (this.#drag === "tool") this.stage.tool?.move(this.stage.toImage(at));
  }

  up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    if (this.#drag === "tool") this.stage.tool?.up();
    this.#drag = undefined;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const faster = event.ctrlKey ? 6 : 1;
    this.stage.zoom(Math.exp(-event.deltaY * lines * WHEEL * faster), spot(event));
  }

  #begin(event: PointerEvent, at: Point): Drag {
    if (event.button === 1 || this.stage.panning) return "pan";
    if (event.button === 2 || this.stage.windowing) return "window";
    const taken = this.stage.tool?.down(this.stage.toImage(at), this.stage.reach(event.pointerType !== "mouse"));
    return taken ? "tool" : "pan";
  }

  #pinch(moving: number, at: Point): void {
    const before = this.#pointers.get(moving)!;
    const other = [...this.#pointers].find(([id]) => id !== moving)?.[1];
    if (!other) return;
    const middle: Point = [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2];
    this.stage.zoom(distance(at, other) / Math.max(1, distance(before, other)), middle);
    this.stage.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  }
}

function spot(event: MouseEvent): Point {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
