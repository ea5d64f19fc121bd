/**
 * The measures of one examination on the reader's desk, and every correction of them.
 *
 * Each act names the revision that the reader saw; when somebody else was first, the newest state is loaded and the
 * reader is told.
 */

import * as api from "../../api/client";
import { Problem, Unreachable } from "../../api/problem";
import type { ExamDetail, MuscleRow, Muscles, MuscleShown, RecordingDetail, TakenSaid } from "../../api/types";
import type { Point } from "../../shared/geometry";
import { notify } from "../../shared/notices.svelte";
import { person, whoever } from "../../shared/person.svelte";
import { keyOf, toggled } from "./board";

export const WHY_MOVED = ["Follows the visible edge", "Another bone under it", "Artefact, not an edge"];

interface Base {
  readonly person: string;
  readonly revision: number;
  readonly reason: string;
}

export class MuscleDesk {
  muscles = $state.raw<Muscles>();
  /** Why there is nothing to show. */
  problem = $state.raw<Error>();
  busy = $state(false);
  /** Why callipers are moved, until the reader writes something else. */
  reason = $state(WHY_MOVED[0]!);
  #last: Promise<unknown> = Promise.resolve();
  readonly #recordings = new Map<string, Promise<RecordingDetail>>();

  constructor(readonly id: string) {}

  get exam(): ExamDetail | undefined {
    return this.muscles?.exam;
  }

  /** Callipers may be moved and frames chosen; while an act is on its way, the next one waits for it. */
  get reviewable(): boolean {
    return this.exam?.allowed.includes("review") ?? false;
  }

  get rows(): readonly MuscleRow[] {
    return this.muscles?.rows ?? [];
  }

  async load(): Promise<void> {
    try {
      this.muscles = await api.readMuscles(this.id, person.name);
      this.problem = undefined;
    } catch (error) {
      this.problem = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Return a recording's size and scale; asked for once. */
  recording(id: string): Promise<RecordingDetail> {
    const known = this.#recordings.get(id) ?? api.readRecording(id);
    this.#recordings.set(id, known);
    known.catch(() => this.#recordings.delete(id));
    return known;
  }

  /** Keep where a person put the ends; no points: as measured again. */
  moveEnds(row: MuscleRow, shown: MuscleShown, frame: number, points: readonly Point[]): Promise<boolean> {
    const said = points.length ? "Correction kept." : "As it was measured.";
    const body = { ...this.#measure(row, shown), points: points.map(([x, y]): [number, number] => [x, y]) };
    return this.#act(async (base) => {
      this.muscles = await api.moveEnds(shown.recording_id, frame, { ...body, ...base });
    }, said);
  }

  /** Put a frame into the value, or take it out. */
  toggleFrame(row: MuscleRow, shown: MuscleShown, frame: number): Promise<boolean> {
    return this.#choose(row, shown, () => toggled(this.#now(row, shown), frame));
  }

  /** Keep which frames count; null: all of them. */
  chooseFrames(row: MuscleRow, shown: MuscleShown, frames: number[] | null): Promise<boolean> {
    return this.#choose(row, shown, () => frames);
  }

  #choose(row: MuscleRow, shown: MuscleShown, frames: () => number[] | null): Promise<boolean> {
    return this.#act(async (base) => {
      const body = { ...this.#measure(row, shown), frames: frames() };
      this.muscles = await api.chooseFrames(shown.recording_id, { ...body, ...base, reason: "" });
    }, "Chosen frames kept.");
  }

  /** Return a recording in its cell as it is now: since the click something else may have been kept. */
  #now(row: MuscleRow, shown: MuscleShown): MuscleShown {
    const here = this.rows.find((one) => keyOf(one) === keyOf(row));
    const all = here?.cells.flatMap((cell) => cell.shown) ?? [];
    return all.find((one) => one.recording_id === shown.recording_id && one.side === shown.side) ?? shown;
  }

  label(recordingId: string, taken: TakenSaid): Promise<boolean> {
    return this.#act(async (base) => {
      await api.labelRecording(recordingId, { ...base, ...taken, reason: "" });
      await this.load();
    }, "Label kept.");
  }

  undo(): Promise<boolean> {
    return this.#act(
      async ({ person: name, revision }) => {
        await api.undo(this.id, { person: name, revision });
        await this.load();
      },
      "Taken back.",
      false,
    );
  }

  #measure({ structure, quantity }: MuscleRow, { side }: MuscleShown) {
    return { structure, quantity, side };
  }

  /** Do one thing after another as the reader, each on the revision that the one before led to. */
  #act(action: (base: Base) => Promise<void>, done: string, undoable = true): Promise<boolean> {
    const mine = this.#last.then(() => this.#do(action, done, undoable));
    this.#last = mine;
    return mine;
  }

  async #do(action: (base: Base) => Promise<void>, done: string, undoable: boolean): Promise<boolean> {
    const name = await whoever();
    if (!name || !this.exam) return false;
    this.busy = true;
    try {
      await action({ person: name, revision: this.exam.revision, reason: this.reason });
      notify("done", done, undoable ? { label: "Undo", run: () => void this.undo() } : undefined);
      return true;
    } catch (error) {
      await this.#refused(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  async #refused(error: unknown): Promise<void> {
    if (error instanceof Unreachable) return; // The banner says it already.
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Problem && error.status === 409) await this.load();
    notify("error", message);
  }
}
