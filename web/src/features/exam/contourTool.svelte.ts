/** The bone line being corrected: drag a handle to bend, drag elsewhere to draw, or do both from the keyboard. */

import type { Point } from "../../shared/geometry";
import type { Shape } from "../../shared/viewer/shapes";
import type { Tool } from "../../shared/viewer/tool";
import type { Size } from "../../shared/viewer/view";
import { bend, densify, drawOver, knobsOf, moveEnd, without, type Contour, type Run } from "./contour";

/** A handle: which run, and which of its points. */
interface Knob {
  readonly run: number;
  readonly at: number;
}

interface Grab {
  readonly knob: Knob;
  readonly contour: Contour;
  readonly from: Point;
}

const HANDLES_ACROSS = 14;
const NEW_RUN_SHARE = 0.12;

export class ContourTool implements Tool {
  contour = $state.raw<Contour>([]);
  chosen = $state.raw<Knob>();

  #past = $state.raw<readonly Contour[]>([]);
  #grab: Grab | undefined;
  #stroke: Point[] | undefined;
  readonly #apart: number;

  constructor(
    lines: readonly (readonly Point[])[],
    private readonly image: Size,
    private readonly colour: string,
  ) {
    this.contour = densify(lines);
    this.#apart = image.width / HANDLES_ACROSS;
  }

  get changed(): boolean {
    return this.#past.length > 0;
  }

  down(at: Point, reach: number): boolean {
    const near = this.#near(at, reach);
    this.chosen = near;
    this.#keep();
    if (near) this.#grab = { knob: near, contour: this.contour, from: at };
    else this.#stroke = [at];
    return true;
  }

  move(at: Point): void {
    if (this.#grab) this.#drag(this.#grab, at);
    else if (this.#stroke) this.#draw(at);
  }

  up(): void {
    if (this.#past.at(-1) === this.contour) this.#past = this.#past.slice(0, -1);
    this.#grab = this.#stroke = undefined;
  }

  /** Choose the next or previous handle. */
  choose(by: number): void {
    const all = this.#knobs();
    if (all.length === 0) return;
    const now = all.findIndex((knob) => same(knob, this.chosen));
    this.chosen = now < 0 ? all[0] : all[(now + by + all.length) % all.length];
  }

  /** Move the chosen handle; sideways only an end moves, which cuts the run or draws it on. */
  nudge(dx: number, dy: number): void {
    if (!this.chosen) return this.choose(1);
    this.#keep();
    const [x, y] = this.contour[this.chosen.run]![this.chosen.at]!;
    this.#drag({ knob: this.chosen, contour: this.contour, from: [x, y] }, [x + dx, y + dy]);
    this.up();
  }

  /** Say that there is no bone in the columns of the chosen run, or of the only one. */
  remove(): void {
    const run = this.contour[this.chosen?.run ?? (this.contour.length === 1 ? 0 : -1)];
    if (!run) return;
    this.#keep();
    this.contour = without(this.contour, run);
    this.chosen = undefined;
  }

  /** Put a short level run in the middle of the picture, to be moved from there. */
  add(): void {
    this.#keep();
    const [x, y] = [this.image.width / 2, Math.round(this.image.height / 2)];
    const half = (this.image.width * NEW_RUN_SHARE) / 2;
    this.contour = drawOver(this.contour, [
      [Math.round(x - half), y],
      [Math.round(x + half), y],
    ]);
    const run = this.contour.findIndex((one) => one.some(([column]) => column === Math.round(x)));
    this.chosen = { run, at: knobsOf(this.contour[run]!, this.#apart)[1]! };
  }

  /** Take the last change back; return false when there was none. */
  undo(): boolean {
    const before = this.#past.at(-1);
    if (!before) return false;
    [this.contour, this.#past, this.chosen] = [before, this.#past.slice(0, -1), undefined];
    return true;
  }

  get shapes(): readonly Shape[] {
    const lines = this.contour.map((points): Shape => ({ kind: "line", points, colour: this.colour, width: 2.5 }));
    const knobs = this.#knobs().map((knob): Shape => ({
      kind: "knob",
      at: this.contour[knob.run]![knob.at]!,
      colour: this.colour,
      chosen: same(knob, this.chosen),
    }));
    return [...lines, ...knobs];
  }

  #keep(): void {
    this.#past = [...this.#past, this.contour];
  }

  #knobs(): readonly Knob[] {
    return this.contour.flatMap((run, index) => knobsOf(run, this.#apart).map((at) => ({ run: index, at })));
  }

  #near([x, y]: Point, reach: number): Knob | undefined {
    const far = (knob: Knob): number => {
      const [kx, ky] = this.contour[knob.run]![knob.at]!;
      return Math.hypot(kx - x, ky - y);
    };
    const [first] = [...this.#knobs()].sort((a, b) => far(a) - far(b));
    return first && far(first) <= reach ? first : undefined;
  }

  /** Bend the run as it was when the handle was grabbed; at an end, also move the end. */
  #drag({ knob, contour, from }: Grab, to: Point): void {
    const run = contour[knob.run]!;
    const bent = bend(run, knobsOf(run, this.#apart), knob.at, this.#row(to[1]) - this.#row(from[1]));
    const others = contour.map((other, i) => (i === knob.run ? bent : other));
    const end = knob.at === 0 ? "first" : knob.at === run.length - 1 ? "last" : undefined;
    const column = Math.min(this.image.width - 1, Math.max(0, Math.round(run[knob.at]![0] + to[0] - from[0])));
    if (!end || column === run[knob.at]![0]) {
      this.contour = others;
      return;
    }
    this.contour = moveEnd(others, bent, end, column);
    this.chosen = this.#endAt(end, column, bent) ?? this.chosen;
  }

  #endAt(end: "first" | "last", column: number, moved: Run): Knob | undefined {
    const inner = end === "first" ? moved.at(-1)![0] : moved[0]![0];
    const run = this.contour.findIndex((one) => one.some(([x]) => x === inner) || one.some(([x]) => x === column));
    if (run < 0) return undefined;
    return { run, at: end === "first" ? 0 : this.contour[run]!.length - 1 };
  }

  #draw(at: Point): void {
    const stroke = this.#stroke!;
    const last = stroke.at(-1)!;
    if (Math.round(at[0]) === Math.round(last[0])) return;
    const next: Point = [Math.min(this.image.width - 1, Math.max(0, at[0])), this.#row(at[1])];
    stroke.push(next);
    this.contour = drawOver(this.contour, [last, next]);
  }

  #row(y: number): number {
    return Math.min(this.image.height - 1, Math.max(0, y));
  }
}

function same(a: Knob | undefined, b: Knob | undefined): boolean {
  return a?.run === b?.run && a?.at === b?.at;
}
