/** What the reader has in hand over the picture: calliper, bone line or brush. It belongs to one frame. */

import { readMap } from "../../api/client";
import type { CaliperNaming, FrameOverlay, RecordingDetail } from "../../api/types";
import { ask } from "../../shared/ask.svelte";
import { colourOf } from "../../shared/colours";
import type { CaliperKind, Point } from "../../shared/geometry";
import { notify } from "../../shared/notices.svelte";
import { BrushTool } from "./brush.svelte";
import { CaliperTool } from "./caliper.svelte";
import { ContourTool } from "./contourTool.svelte";
import type { Desk } from "./desk.svelte";
import { decoded } from "./seen";

const BONE = "bone";
const FIRST_PAINTED = "multifidus";
const WHY_PAINTED = ["Follows the visible edge", "Structure was missed", "Not this structure"];
const WHY_CONTOUR = ["Follows the visible cortex", "Artefact, not bone", "Bone was missed"];

export class Hand {
  tool = $state.raw<CaliperTool | ContourTool | BrushTool>();
  /** The frame that is drawn on. */
  frame = $state(-1);

  /** What callipers are of, until the reader says something else: then they can be followed in trends. */
  naming = $state<CaliperNaming>({ structure: "background", side: "unknown", level: "", state: "unknown" });
  /** The structure that was painted last. */
  painted = $state(FIRST_PAINTED);
  /** The recording that is drawn on. */
  #recording = "";
  /** What was painted and neither saved nor dropped, by recording and frame: turning the page loses nothing. */
  readonly #unsaved = new Map<string, BrushTool>();

  constructor(private readonly desk: Desk) {}

  get kind(): CaliperKind | "contour" | "brush" | undefined {
    if (this.tool instanceof CaliperTool) return this.tool.kind;
    if (this.tool instanceof BrushTool) return "brush";
    return this.tool ? "contour" : undefined;
  }

  /** Take up a calliper, or put down the one of that kind. `cross`: where the keyboard begins. */
  measure(kind: CaliperKind, recording: RecordingDetail, frame: number, cross?: Point): void {
    if (this.kind === kind) return void this.putDown();
    this.#take(new CaliperTool(kind, recording.geometry.regions, recording, cross), frame);
  }

  /** Take up the bone line of a frame. */
  editContour(overlay: FrameOverlay, recording: RecordingDetail): void {
    const bone = overlay.surfaces.find((surface) => surface.structure === BONE);
    this.#take(new ContourTool(bone?.lines ?? [], recording, colourOf(BONE)), overlay.index);
  }

  /** Take up the brush over a frame: what was left unsaved there, or all that is seen. */
  async paint(recording: RecordingDetail, frame: number, at: Point): Promise<void> {
    const left = this.#unsaved.get(`${recording.id}/${frame}`);
    if (left) return this.#take(left, frame);
    try {
      const { width, height, runs } = await readMap(recording.id, frame);
      if (this.desk.recording !== recording || this.desk.player.frame !== frame) return;
      const canvas = { labels: decoded(runs, width * height), width, height };
      this.#take(new BrushTool(canvas, this.painted, at), frame);
    } catch (error) {
      notify("error", error instanceof Error ? error.message : String(error));
    }
  }

  /** Give up what was painted over this frame. */
  drop(): boolean {
    if (this.tool instanceof BrushTool) this.#forget(this.tool);
    return this.#release();
  }

  /** Return whether there was something to put down; what was painted stays, to be taken up again. */
  putDown(): boolean {
    const { tool, frame } = this;
    if (tool instanceof BrushTool) {
      this.painted = tool.structure;
      if (tool.changed) this.#unsaved.set(`${this.#recording}/${frame}`, tool);
    }
    return this.#release();
  }

  #forget(tool: BrushTool): void {
    for (const [place, one] of this.#unsaved) if (one === tool) this.#unsaved.delete(place);
  }

  #release(): boolean {
    const had = this.tool !== undefined;
    this.tool = undefined;
    return had;
  }

  /** Keep what is drawn, when there is something to keep. */
  async keep(): Promise<void> {
    const { tool, frame } = this;
    let kept = false;
    if (tool instanceof CaliperTool) {
      kept =
        tool.measurable && (await this.desk.addCaliper(frame, tool.kind, tool.points, $state.snapshot(this.naming)));
    } else if (tool instanceof BrushTool) {
      tool.close();
      const reason = tool.changed
        ? await askWhy("Why are the structures changed?", WHY_PAINTED, "Save the structures")
        : null;
      kept = reason !== null && (await this.desk.saveMap(frame, tool.canvas, reason));
      if (kept) this.painted = tool.structure;
    } else if (tool?.changed) {
      const reason = await askWhy("Why is the bone line changed?", WHY_CONTOUR, "Save the line");
      kept = reason !== null && (await this.desk.saveContour(frame, tool.contour, reason));
    }
    // By now the reader may have something else in hand.
    if (kept && tool instanceof BrushTool) this.#forget(tool);
    if (kept && this.tool === tool) this.#release();
  }

  /** Place the next point; where none is missing, keep what is drawn. */
  enter(): boolean {
    if (this.tool instanceof CaliperTool && !this.tool.complete) this.tool.place();
    else if (this.tool instanceof BrushTool) this.tool.press();
    else if (this.tool) void this.keep();
    return this.tool !== undefined;
  }

  /** Move what is drawn; `sideways`: also an end of the bone line, instead of choosing its next handle. */
  nudge(dx: number, dy: number, sideways: boolean): boolean {
    const tool = this.tool;
    if (tool instanceof ContourTool && dy === 0 && !sideways) tool.choose(Math.sign(dx));
    else tool?.nudge(dx, dy);
    return tool !== undefined;
  }

  /** Do something with the calliper in hand; return false when it is none. */
  onCaliper(change: (tool: CaliperTool) => void): boolean {
    if (!(this.tool instanceof CaliperTool)) return false;
    change(this.tool);
    return true;
  }

  /** Do something with the bone line in hand; return false when it is none. */
  onContour(change: (tool: ContourTool) => void): boolean {
    if (!(this.tool instanceof ContourTool)) return false;
    change(this.tool);
    return true;
  }

  /** Do something with the brush in hand; return false when it is none. */
  onBrush(change: (tool: BrushTool) => void): boolean {
    if (!(this.tool instanceof BrushTool)) return false;
    change(this.tool);
    return true;
  }

  #take(tool: CaliperTool | ContourTool | BrushTool, frame: number): void {
    this.desk.player.pause();
    this.tool = tool;
    this.frame = frame;
    this.#recording = this.desk.recording?.id ?? "";
  }
}

async function askWhy(title: string, suggestions: readonly string[], confirm: string): Promise<string | null> {
  const answers = await ask({
    title,
    text: "The reason stays in the history, beside your name.",
    fields: [{ name: "reason", label: "Reason", required: true, suggestions }],
    confirm,
  });
  return answers?.["reason"] ?? null;
}
