/**
 * One examination on the reader's desk: its findings, the recording that is open, and every action of a review.
 *
 * Each action names the revision that the reader saw. When somebody else was first, the newest state is loaded
 * and the reader is told; nothing is overwritten.
 */

import * as api from "../../api/client";
import { Problem, Unreachable } from "../../api/problem";
import type {
  CaliperKind,
  CaliperNaming,
  Decision,
  ExamDetail,
  Finding,
  RecordingDetail,
  Series,
  StiffnessEntry,
  TakenSaid,
} from "../../api/types";
import type { Point } from "../../shared/geometry";
import { notify } from "../../shared/notices.svelte";
import { person, whoever } from "../../shared/person.svelte";
import { setQuery } from "../../shared/place.svelte";
import { Frames } from "../../shared/viewer/frames.svelte";
import { Player } from "../../shared/viewer/player.svelte";
import { Overlays } from "./overlays.svelte";
import { packed, type Canvas } from "./painting";

/** Who acts, and on what they saw. */
interface Base {
  readonly person: string;
  readonly revision: number;
}

export class Desk {
  exam = $state.raw<ExamDetail>();
  /** Why there is no examination to show. */
  problem = $state.raw<Error>();
  recording = $state.raw<RecordingDetail>();
  series = $state.raw<Series>();
  frames = $state.raw<Frames>();
  overlays = $state.raw<Overlays>();
  /** The finding that was clicked last. */
  chosen = $state("");
  /** Structures that nobody wants to see. */
  hidden = $state.raw<ReadonlySet<string>>(new Set());
  /** An action is on its way to the server. */
  busy = $state(false);

  readonly player = new Player((frame) => this.frames?.get(frame) !== undefined);
  #opening = 0;

  constructor(readonly id: string) {}

  /** True until a clinician has signed what stands here. */
  get draft(): boolean {
    return this.exam?.state !== "signed";
  }

  /** Findings may be decided. */
  get reviewable(): boolean {
    return this.exam?.allowed.includes("review") ?? false;
  }

  /** The recording that is open has been interpreted, so that it has overlays and values. */
  get interpreted(): boolean {
    return this.exam?.recordings.find((one) => one.id === this.recording?.id)?.interpreted ?? false;
  }

  /** Findings in the order in which they are shown: those of each recording together. */
  get findings(): readonly Finding[] {
    const exam = this.exam;
    return exam?.recordings.flatMap(({ id }) => exam.findings.filter((one) => one.recording_id === id)) ?? [];
  }

  /** Load the examination, then the recording and frame that the address names, or the first. */
  async open(recordingId: string | null, frame: number): Promise<void> {
    try {
      this.exam = await api.readExam(this.id, person.name);
      this.problem = undefined;
      const known = this.exam.recordings.find(({ id }) => id === recordingId) ?? this.exam.recordings[0];
      if (known) await this.show(known.id, frame);
    } catch (error) {
      this.problem = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Load the examination again, and keep looking at the same picture. */
  async reload(): Promise<void> {
    this.exam = await api.readExam(this.id, person.name);
    this.frames?.retry(this.player.frame);
    if (this.interpreted) this.overlays?.renewAll(this.player.frame);
    await this.#readSeries();
  }

  /** Show a frame of a recording. */
  async show(recordingId: string, frame: number): Promise<void> {
    if (this.recording?.id === recordingId) {
      this.player.pause();
      this.player.go(frame);
      return;
    }
    const turn = ++this.#opening;
    try {
      const recording = await api.readRecording(recordingId);
      if (turn !== this.#opening) return;
      this.#lay(recording, frame);
      await this.#readSeries();
    } catch (error) {
      tell(error);
    }
  }

  /** Load the values over the frames; a recording that is not interpreted yet has none. */
  async #readSeries(): Promise<void> {
    const recording = this.recording;
    if (!recording || !this.interpreted) return;
    const series = await api.readSeries(recording.id);
    if (recording === this.recording) this.series = series;
  }

  #lay(recording: RecordingDetail, frame: number): void {
    this.frames?.close();
    this.frames = new Frames(recording);
    this.overlays = new Overlays(recording.id, recording.n_frames, tell);
    this.recording = recording;
    this.series = undefined;
    this.player.open(recording.times_s, recording.n_frames, frame);
  }

  /** Keep the address in step, so that it can be sent to a colleague. */
  remember(): void {
    if (this.recording) setQuery({ recording: this.recording.id, frame: this.player.frame });
  }

  close(): void {
    this.player.pause();
    this.frames?.close();
  }

  /** Show the frame that a finding was read from. */
  async choose(finding: Finding): Promise<void> {
    this.chosen = finding.id;
    await this.show(finding.recording_id, finding.frame ?? this.player.frame);
  }

  /** Show a structure, or hide it. */
  showStructure(structure: string, shown: boolean): void {
    const hidden = new Set(this.hidden);
    if (shown) hidden.delete(structure);
    else hidden.add(structure);
    this.hidden = hidden;
  }

  decide(finding: Finding, decision: Decision, value?: number, reason?: string): Promise<boolean> {
    const body = { decision, value: value ?? null, reason: reason ?? "" };
    return this.#act((base) => api.decide(this.id, finding.id, { ...body, ...base }), DONE[decision](finding.title));
  }

  acceptAll(): Promise<boolean> {
    return this.#act((base) => api.acceptAll(this.id, base), "All drafts accepted.");
  }

  sign(name: string): Promise<boolean> {
    return this.#act((base) => api.sign(this.id, { ...base, person: name }), `Signed by ${name}.`, false);
  }

  amend(reason: string): Promise<boolean> {
    return this.#act((base) => api.amend(this.id, { ...base, reason }), "Open again for an amendment.", false);
  }

  async undo(): Promise<boolean> {
    const undone = await this.#act((base) => api.undo(this.id, base), "Taken back.", false);
    if (undone) await this.#renewPicture(this.player.frame);
    return undone;
  }

  addCaliper(frame: number, kind: CaliperKind, points: readonly Point[], naming: CaliperNaming): Promise<boolean> {
    const recording = this.recording;
    if (!recording) return Promise.resolve(false);
    const body = { kind, points: points.map(([x, y]): [number, number] => [x, y]), ...naming };
    return this.#act((base) => api.addCaliper(recording.id, frame, { ...body, ...base }), "Calliper kept.");
  }

  /** Say how a recording was taken; its findings follow. */
  async label(recordingId: string, said: TakenSaid): Promise<boolean> {
    const body = { ...said, reason: "" };
    const kept = await this.#act((base) => api.labelRecording(recordingId, { ...body, ...base }), "Label kept.");
    if (kept && recordingId === this.recording?.id) await this.#renewPicture(this.player.frame);
    return kept;
  }

  /** Keep a value of shear-wave elastography beside the recording that is open. */
  addStiffness(value: Omit<StiffnessEntry, "person" | "revision">): Promise<boolean> {
    const recording = this.recording;
    if (!recording) return Promise.resolve(false);
    return this.#act((base) => api.addStiffness(recording.id, { ...value, ...base }), "Value of elastography kept.");
  }

  async saveContour(frame: number, lines: readonly (readonly Point[])[], reason: string): Promise<boolean> {
    const recording = this.recording;
    if (!recording) return false;
    const body = { lines: lines.map((line) => line.map(([x, y]): [number, number] => [x, y])), reason };
    const text = `Bone line of frame ${frame + 1} saved; its numbers follow.`;
    const saved = await this.#act((base) => api.saveContour(recording.id, frame, { ...body, ...base }), text);
    if (saved) {
      this.overlays?.redraw(frame, body.lines);
      void this.#renewPicture(frame);
    }
    return saved;
  }

  async saveMap(frame: number, canvas: Canvas, reason: string): Promise<boolean> {
    const recording = this.recording;
    if (!recording) return false;
    const body = { width: canvas.width, height: canvas.height, runs: packed(canvas.labels), reason };
    const text = `Structures of frame ${frame + 1} saved; the numbers follow.`;
    const saved = await this.#act((base) => api.saveMap(recording.id, frame, { ...body, ...base }), text);
    if (saved) await this.#renewPicture(frame);
    return saved;
  }

  /** Lead structures from one corrected frame to another, counted from 0. */
  async fillBetween(first: number, last: number, structures: string[], reason: string): Promise<boolean> {
    const recording = this.recording;
    if (!recording) return false;
    const body = { first, last, structures, reason };
    const text = `Frames between ${first + 1} and ${last + 1} are filled in.`;
    const filled = await this.#act((base) => api.fillBetween(recording.id, { ...body, ...base }), text);
    if (filled) await this.#renewPicture(this.player.frame);
    return filled;
  }

  /** Fetch again what a changed contour or map changes. */
  async #renewPicture(frame: number): Promise<void> {
    const overlays = this.overlays;
    if (!overlays) return;
    try {
      overlays.renewAll(frame);
      await overlays.renew(frame);
      await this.#readSeries();
    } catch (error) {
      tell(error);
    }
  }

  /** Do one thing as the reader, on the revision that the reader saw. */
  async #act(action: (base: Base) => Promise<ExamDetail>, done: string, undoable = true): Promise<boolean> {
    const name = await whoever();
    if (!name || !this.exam || this.busy) return false;
    this.busy = true;
    try {
      this.exam = await action({ person: name, revision: this.exam.revision });
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
    if (!(error instanceof Problem) || error.status !== 409) return tell(error);
    const before = this.exam?.revision;
    await this.reload().catch(tell);
    const newer = this.exam?.revision !== before;
    notify("error", newer ? `${error.message} What stands there now is shown; look, then do it again.` : error.message);
  }
}

const DONE: Record<Decision, (title: string) => string> = {
  accept: (title) => `${title}: accepted.`,
  edit: (title) => `${title}: edited.`,
  reject: (title) => `${title}: rejected.`,
};

function tell(error: unknown): void {
  if (error instanceof Unreachable) return; // The banner says it already.
  notify("error", error instanceof Error ? error.message : String(error));
}
