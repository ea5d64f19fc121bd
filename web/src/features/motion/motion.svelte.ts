/** One cine being followed: where, how far the job is, what it said, and the marks that a person moved. */

import * as api from "../../api/client";
import { Problem, Unreachable } from "../../api/problem";
import type { Job, MotionMarks, MotionNaming, MotionPlaces, MotionTold, RecordingDetail } from "../../api/types";
import { notify } from "../../shared/notices.svelte";
import { whoever } from "../../shared/person.svelte";
import { Frames } from "../../shared/viewer/frames.svelte";
import { Player } from "../../shared/viewer/player.svelte";
import { Grid } from "./grid";

const ASK_EVERY_MS = 300;
const ASK_WHEN_LOST_MS = 2000;
const NOWHERE: MotionPlaces = { line: null, layers: null };
const NOBODY: MotionNaming = { structure: "background", side: "unknown", level: "" };

export class Motion {
  recording = $state.raw<RecordingDetail>();
  frames = $state.raw<Frames>();
  places = $state.raw<MotionPlaces>(NOWHERE);
  ofLine = $state.raw<MotionNaming>(NOBODY);
  told = $state.raw<MotionTold>();
  grid = $state.raw<Grid>();
  /** The job that follows now. */
  job = $state.raw<Job>();
  /** Why there is nothing to show, or why the last wish was not met. */
  problem = $state("");
  /** Onset, peak and return as a person moved them. */
  marks = $state.raw<MotionMarks | null>(null);
  busy = $state(false);

  readonly player = new Player((frame) => this.frames?.get(frame) !== undefined);
  #ofLayers: MotionNaming = { ...NOBODY, structure: "fascia" };
  #turn = 0;

  constructor(readonly id: string) {}

  get running(): boolean {
    return this.job?.state === "running";
  }

  /** How far the job is, 0 to 1. */
  get progress(): number {
    return this.job?.total ? this.job.done / this.job.total : 0;
  }

  async open(frame: number): Promise<void> {
    try {
      const recording = await api.readRecording(this.id);
      this.frames = new Frames(recording);
      this.recording = recording;
      this.player.open(recording.times_s, recording.n_frames, frame);
      const proposal = await api.proposeMotion(this.id);
      this.ofLine = proposal.of_line;
      this.#ofLayers = proposal.of_layers;
      await this.follow(proposal.places);
    } catch (error) {
      this.#say(error);
    }
  }

  close(): void {
    this.#turn++;
    this.player.pause();
    this.frames?.close();
  }

  /** Follow the cine at these places, and measure it; what was followed before is not followed again. */
  async follow(places: MotionPlaces): Promise<void> {
    const turn = ++this.#turn;
    this.places = places;
    this.marks = null;
    this.problem = "";
    try {
      this.job = await api.followMotion(this.id, places);
      await this.#wait(turn);
      if (turn !== this.#turn) return;
      if (this.job.state === "done") await this.#read(turn);
      else this.problem = this.job.problems[0] ?? "Cancelled: the cine was not followed.";
    } catch (error) {
      if (turn === this.#turn) this.#say(error);
    }
  }

  async cancel(): Promise<void> {
    if (this.job) this.job = await api.cancelJob(this.job.id);
  }

  /** Measure by a person's marks, or by the machine's again (null). */
  async mark(marks: MotionMarks | null): Promise<void> {
    const before = this.marks;
    this.marks = marks;
    try {
      this.told = await api.measureMotion(this.id, this.#asked());
    } catch (error) {
      this.marks = before;
      notify("error", error instanceof Error ? error.message : String(error));
    }
  }

  /** Say what the line lies over. */
  async name(naming: MotionNaming): Promise<void> {
    this.ofLine = naming;
    this.#ofLayers = { ...this.#ofLayers, side: naming.side ?? "unknown", level: naming.level ?? "" };
  }

  /** Keep every value as a finding of the examination; return whether that was done. */
  async keep(reason: string): Promise<boolean> {
    const person = await whoever();
    if (!person || this.busy) return false;
    this.busy = true;
    try {
      await api.keepMotion(this.id, { ...this.#asked(), person, reason });
      notify("done", "Kept as findings of the examination, to be accepted or rejected there.");
      return true;
    } catch (error) {
      notify("error", error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      this.busy = false;
    }
  }

  #asked(): { places: MotionPlaces; of_line: MotionNaming; of_layers: MotionNaming; marks: MotionMarks | null } {
    return { places: this.places, of_line: this.ofLine, of_layers: this.#ofLayers, marks: this.marks };
  }

  /** Watch the job until it ends, through lost connections too. */
  async #wait(turn: number): Promise<void> {
    while (turn === this.#turn && this.job?.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
      try {
        const job: Job = await api.readJob(this.job.id);
        if (turn === this.#turn) this.job = job;
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        await new Promise((resolve) => setTimeout(resolve, ASK_WHEN_LOST_MS));
      }
    }
  }

  async #read(turn: number): Promise<void> {
    const [told, field] = await Promise.all([
      api.measureMotion(this.id, this.#asked()),
      this.grid ? undefined : api.readMotionField(this.id),
    ]);
    if (turn !== this.#turn) return;
    this.told = told;
    if (field) this.grid = new Grid(field, told.step_mm ?? [1, 1]);
  }

  #say(error: unknown): void {
    if (error instanceof Unreachable) return; // The banner says it already.
    this.problem = error instanceof Problem || error instanceof Error ? error.message : String(error);
  }
}
