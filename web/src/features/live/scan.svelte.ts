/** One live scan: its source, the patient, the probe, the knobs, and the picture that comes of it. */

import type { Opening, Said } from "../../api/live";
import type {
  FrameHead,
  Knobs,
  LiveExplained,
  LiveOpened,
  LivePatient,
  LiveRecordState,
  LiveStanding,
  LiveTrouble,
  LiveWorking,
  Machine,
  PatientBody,
  Side,
  View,
  Why,
} from "../../api/types";
import { momentText } from "../../shared/format";
import { watchImport, type Import } from "../../shared/imports.svelte";
import { notify } from "../../shared/notices.svelte";
import { person } from "../../shared/person.svelte";
import { Darkroom } from "../../shared/viewer/greys";
import { between, holdOf, poseOf, possible, seat, slid, type Hold, type Matrix } from "./hold";
import { Link, type LinkState } from "./link";
import { nextSubject, same, type Subject } from "./why";
import { mapOf, skinOf, type HeightMap, type Skin } from "./skin";

export type Source =
  | { readonly kind: "scanner" }
  | { readonly kind: "device"; readonly host: string; readonly port: number }
  | { readonly kind: "camera"; readonly device: string }
  | { readonly kind: "recording"; readonly id: string };

/** What is on the screen now: everything belongs to the same frame. */
export interface Screen {
  readonly head: FrameHead;
  readonly picture: ImageBitmap;
  readonly truth: Uint8Array | undefined;
  readonly labels: Uint8Array | undefined;
}

/** A standard view, as it is asked for. */
export interface Standard {
  readonly view: View;
  readonly level: string;
  readonly side: Side;
}

const GLIDE_MS = 380;
const METER_MS = 250;
/** How much of what was shown can be kept afterwards. */
export const KEPT_S = 10;
export const LIMITS = {
  depth_mm: { least: 30, most: 200, step: 5 },
  gain_db: { least: -30, most: 30, step: 1 },
  focus_mm: { least: 10, most: 150, step: 5 },
  dynamic_range_db: { least: 30, most: 90, step: 5 },
  tgc_db: { least: -15, most: 15, step: 1 },
} as const;

export class Scan {
  source = $state.raw<Source>({ kind: "scanner" });
  link = $state<LinkState>("connecting");
  opened = $state.raw<LiveOpened>();
  patient = $state.raw<LivePatient>();
  skin = $state.raw<Skin>();
  bones = $state.raw<HeightMap>();
  working = $state.raw<LiveWorking>();
  trouble = $state.raw<LiveTrouble>();
  /** How the device stands; undefined for the virtual scanner. */
  standing = $state.raw<LiveStanding>();
  screen = $state.raw<Screen>();
  meter = $state.raw<{ fps: number; latency: number | undefined; dropped: number }>({
    fps: 0,
    latency: undefined,
    dropped: 0,
  });
  frozen = $state(false);
  breathing = $state(true);
  truth = $state(false);
  /** Whether what is seen is sent with each frame, and what of it nobody wants to see. */
  seeing = $state(true);
  hidden = $state.raw<ReadonlySet<string>>(new Set());
  /** The view that advice leads to. */
  wanted = $state.raw<View>();
  /** What of the held picture is asked about, and the answer when it has come. */
  asked = $state.raw<Subject>();
  why = $state.raw<Why>();
  recording = $state.raw<LiveRecordState>();
  kept = $state.raw<readonly Import[]>([]);
  hold = $state.raw<Hold>();
  machine = $state.raw<Machine>();
  knobs = $state.raw<Knobs>();
  /** The standard view that was asked for last; undefined as soon as the probe was moved by hand. */
  standard = $state.raw<Standard>();

  readonly #link: Link;
  readonly #darkroom = new Darkroom();
  readonly #kept = new Map<string, Knobs>();
  readonly #meter: ReturnType<typeof setInterval>;
  #glide = 0;
  /** How much harder than needed the probe is pressed, mm. */
  #willed = 0;

  constructor() {
    this.#link = new Link({
      opening: () => this.#opening(),
      state: (state) => this.#linked(state),
      said: (message) => this.#said(message),
      shown: ({ head, pixels, truth, labels }) => {
        // What was on its way when the picture was held is not shown: it stays the one that was held.
        if (this.frozen && this.screen) return;
        this.screen?.picture.close();
        const picture = this.#darkroom.develop(pixels, head.width, head.height, head.channels);
        this.screen = { head, picture, truth, labels };
      },
    });
    this.#meter = setInterval(() => this.#measure(), METER_MS);
  }

  /** Where the probe is, or undefined without a patient. */
  get pose(): Matrix | undefined {
    return this.skin && this.hold && poseOf(this.skin, this.hold);
  }

  open(source: Source): void {
    this.source = source;
    this.opened = this.patient = this.skin = this.bones = this.hold = this.machine = this.knobs = undefined;
    this.trouble = this.working = this.standing = this.standard = this.recording = undefined;
    this.#clear();
    this.#link.freeze((this.frozen = false));
    this.#link.open();
  }

  close(): void {
    clearInterval(this.#meter);
    cancelAnimationFrame(this.#glide);
    this.#link.close();
    this.#clear();
  }

  freeze(frozen = !this.frozen): void {
    this.frozen = frozen;
    this.asked = this.why = undefined;
    this.#link.freeze(frozen);
    if (!frozen) this.#touch();
  }

  /** Hold the probe so; a glide that is under way ends. */
  take(hold: Hold): void {
    if (!this.skin) return;
    cancelAnimationFrame(this.#glide);
    this.standard = undefined;
    this.#hold(hold);
  }

  /** Change how the probe is held. The hand presses as the skin there asks for, and as much more or less as was willed. */
  move(change: Partial<Hold>): void {
    const { skin, hold, machine } = this;
    if (!skin || !hold || !machine) return;
    const moved = { ...hold, ...change };
    const seated = seat(skin, moved, machine);
    if (change.press !== undefined) this.#willed = change.press - seated;
    this.take({ ...moved, press: seated + this.#willed });
  }

  slide(across: number, along: number): void {
    if (!this.skin || !this.hold) return;
    const { around, z } = slid(this.skin, this.hold, across, along);
    this.move({ around, z });
  }

  turnBy(turn: number, tilt = 0, rock = 0): void {
    const hold = this.hold;
    if (hold) this.move({ turn: hold.turn + turn, tilt: hold.tilt + tilt, rock: hold.rock + rock });
  }

  set(change: Partial<Knobs>): void {
    if (!this.knobs || !this.machine) return;
    this.knobs = { ...this.knobs, ...change };
    this.#kept.set(this.machine.name, this.knobs);
    this.#touch();
  }

  /** Turn a knob by some of its steps. */
  step(knob: "depth_mm" | "gain_db" | "focus_mm" | "dynamic_range_db", steps: number): void {
    const { least, most, step } = LIMITS[knob];
    if (this.knobs) this.set({ [knob]: Math.min(most, Math.max(least, this.knobs[knob] + steps * step)) });
  }

  choose(machine: Machine): void {
    this.machine = machine;
    this.knobs = this.#kept.get(machine.name) ?? machine.knobs;
    this.#touch();
  }

  nextMachine(): void {
    const all = this.opened?.machines ?? [];
    const at = all.findIndex(({ name }) => name === this.machine?.name);
    if (all.length) this.choose(all[(at + 1) % all.length]!);
  }

  breathe(breathing: boolean): void {
    this.breathing = breathing;
    this.#touch();
  }

  tell(truth: boolean): void {
    this.truth = truth;
    this.#touch();
  }

  /** Have what is seen drawn over the picture, or not. */
  see(seeing: boolean): void {
    this.seeing = seeing;
    this.#link.see(seeing);
  }

  /** Show a structure, or leave it out. */
  show(structure: string, shown: boolean): void {
    const hidden = new Set(this.hidden);
    if (shown) hidden.delete(structure);
    else hidden.add(structure);
    this.hidden = hidden;
  }

  /** Let advice lead to a view; undefined: to none. */
  want(view: View | undefined): void {
    this.wanted = view;
    this.#link.say({ type: "want", view: view ?? null });
  }

  /** Hold the picture, and ask why something in it is called what it is called; undefined: that is enough. */
  askWhy(subject: Subject | undefined): void {
    this.asked = this.why = undefined;
    const head = this.screen?.head;
    if (!subject || !head?.seen?.explains) return;
    if (!this.frozen) this.freeze(true);
    this.asked = subject;
    this.#link.say({
      type: "explain",
      index: head.index,
      structure: subject.kind === "structure" ? subject.structure : null,
      landmark: subject.kind === "landmark" ? subject.landmark : null,
    });
  }

  /** Ask about the next thing in the picture, or the one before. */
  askNext(by: 1 | -1): void {
    const seen = this.screen?.head.seen;
    if (seen?.explains) this.askWhy(nextSubject(seen, this.asked, by));
  }

  /** Record from now on, or end the recording, which then goes into an examination. */
  record(): void {
    this.#record(this.recording?.recording ? "stop" : "start");
  }

  /** Put the last seconds into an examination. */
  keepLast(): void {
    this.#record("last");
  }

  #record(action: "start" | "stop" | "last"): void {
    const from = this.opened?.source === "scanner" ? "Simulated scan" : "Live recording";
    const title = `${from}, ${momentText(new Date().toISOString())}`;
    this.#link.say({ type: "record", action, seconds: KEPT_S, title, who: person.name });
  }

  /** Put another person on the couch. */
  lay(patient: PatientBody): void {
    this.trouble = undefined;
    this.#link.say({ type: "patient", patient });
  }

  ask(standard: Standard): void {
    this.standard = standard;
    this.#link.say({ type: "view", ...standard });
  }

  #opening(): Opening {
    const { source } = this;
    if (source.kind === "device") return { type: "open-device", host: source.host, port: source.port };
    if (source.kind === "camera") return { type: "open-camera", device: source.device };
    if (source.kind === "recording") return { type: "open-recording", recording_id: source.id };
    const patient = this.patient?.patient;
    return { type: "open-scanner", ...(patient && { patient }) } as Opening;
  }

  #linked(state: LinkState): void {
    this.link = state;
    if (state === "lost") this.working = this.recording = undefined;
    if (state === "open" && this.wanted) this.want(this.wanted);
  }

  #said(message: Said): void {
    if (message.type === "opened") {
      this.opened = message;
      this.trouble = undefined;
      if (!this.machine && message.machines[0]) this.choose(message.machines[0]);
    } else if (message.type === "working") {
      this.working = message;
    } else if (message.type === "patient") {
      this.#laid(message);
    } else if (message.type === "place") {
      const usual = this.opened?.machines.find(({ name }) => name === message.machine);
      if (usual && usual !== this.machine) this.choose(usual);
      this.#glideTo(message.pose);
    } else if (message.type === "standing") {
      this.standing = message;
    } else if (message.type === "record") {
      this.recording = message;
    } else if (message.type === "explained") {
      this.#explained(message);
    } else if (message.type === "recorded") {
      const name = `${message.seconds.toFixed(1)} s kept`;
      this.kept = [watchImport(name, message.job, () => undefined), ...this.kept].slice(0, 2);
    } else {
      this.working = undefined;
      this.standard = undefined;
      if (!this.why) this.asked = undefined;
      if (message.final) this.trouble = message;
      else notify("error", message.detail);
    }
  }

  /** Take the answer, unless something else was asked since, or the picture is another. */
  #explained({ index, structure, landmark, why }: LiveExplained): void {
    const answered: Subject =
      landmark === null ? { kind: "structure", structure: structure ?? "" } : { kind: "landmark", landmark };
    if (index === this.screen?.head.index && same(answered, this.asked)) this.why = why;
  }

  #laid(message: LivePatient): void {
    this.working = undefined;
    this.patient = message;
    this.skin = skinOf(message.skin);
    this.bones = mapOf(message.bones);
    this.#hold(this.hold ?? holdOf(this.skin, message.pose));
  }

  #hold(hold: Hold): void {
    this.hold = possible(this.skin!, hold);
    this.#touch();
  }

  /** Go to a place as a hand would, unless less motion is asked for. */
  #glideTo(pose: Matrix): void {
    if (!this.skin || !this.hold) return;
    const [from, to, start] = [this.hold, holdOf(this.skin, pose), performance.now()];
    const lasting = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : GLIDE_MS;
    cancelAnimationFrame(this.#glide);
    this.#willed = 0;
    const step = (): void => {
      const share = lasting ? Math.min(1, (performance.now() - start) / lasting) : 1;
      this.#hold(share === 1 ? to : between(from, to, share * share * (3 - 2 * share)));
      if (share < 1) this.#glide = requestAnimationFrame(step);
    };
    step();
  }

  #touch(): void {
    const { pose, machine, knobs, breathing, truth } = this;
    if (!pose || !machine || !knobs) return;
    this.#link.want({ pose: [...pose], machine: machine.name, knobs, breathing, truth });
  }

  #measure(): void {
    const { fps, latency } = this.#link;
    this.meter = { fps, latency, dropped: this.screen?.head.dropped ?? 0 };
  }

  #clear(): void {
    this.screen?.picture.close();
    this.screen = undefined;
  }
}
