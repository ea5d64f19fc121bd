/** What the reader has in hand over the picture: a calliper or the bone line. It belongs to one frame. */

import type { FrameOverlay, RecordingDetail } from "../../api/types";
import { ask } from "../../shared/ask.svelte";
import { colourOf } from "../../shared/colours";
import type { CaliperKind, Point } from "../../shared/geometry";
import { CaliperTool } from "./caliper.svelte";
import { ContourTool } from "./contourTool.svelte";
import type { Desk } from "./desk.svelte";

const BONE = "bone";
const WHY_CONTOUR = ["Follows the visible cortex", "Artefact, not bone", "Bone was missed"];

export class Hand {
  tool = $state.raw<CaliperTool | ContourTool>();
  /** The frame that is drawn on. */
  frame = $state(-1);

  constructor(private readonly desk: Desk) {}

  get kind(): CaliperKind | "contour" | undefined {
    if (this.tool instanceof CaliperTool) return this.tool.kind;
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

  /** Return whether there was something to put down. */
  putDown(): boolean {
    const had = this.tool !== undefined;
    this.tool = undefined;
    return had;
  }

  /** Keep what is drawn, when there is something to keep. */
  async keep(): Promise<void> {
    const { tool, frame } = this;
    let kept = false;
    if (tool instanceof CaliperTool) {
      kept = tool.measurable && (await this.desk.addCaliper(frame, tool.kind, tool.points));
    } else if (tool?.changed) {
      const reason = await askWhy();
      kept = reason !== null && (await this.desk.saveContour(frame, tool.contour, reason));
    }
    // By now the reader may have something else in hand.
    if (kept && this.tool === tool) this.putDown();
  }

  /** Place the next point; where none is missing, keep what is drawn. */
  enter(): boolean {
    if (this.tool instanceof CaliperTool && !this.tool.complete) this.tool.place();
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

  #take(tool: CaliperTool | ContourTool, frame: number): void {
    this.desk.player.pause();
    this.tool = tool;
    this.frame = frame;
  }
}

async function askWhy(): Promise<string | null> {
  const answers = await ask({
    title: "Why is the bone line changed?",
    text: "The reason stays in the history, beside your name.",
    fields: [{ name: "reason", label: "Reason", required: true, suggestions: WHY_CONTOUR }],
    confirm: "Save the line",
  });
  return answers?.["reason"] ?? null;
}
