/** What was seen in the frames of one recording, fetched in stretches around the frame that is looked at. */

import { readOverlays } from "../../api/client";
import type { FrameOverlay } from "../../api/types";

const STRETCH = 24;

export class Overlays {
  /** Grows whenever overlays arrive, so that what depends on them looks again. */
  arrived = $state(0);
  method = $state("");

  readonly #frames = new Map<number, FrameOverlay>();
  readonly #asked = new Set<number>();

  constructor(
    private readonly recording: string,
    private readonly count: number,
    private readonly onproblem: (error: unknown) => void,
  ) {}

  /** Return what was seen in that frame, if it is here. It carries the frame's index, and belongs to no other. */
  get(frame: number): FrameOverlay | undefined {
    void this.arrived;
    return this.#frames.get(frame);
  }

  /** Return the frames around this one that a person corrected by hand, as far as they are known here. */
  keysAround(frame: number): readonly [number | undefined, number | undefined] {
    void this.arrived;
    const keys = [...this.#frames.values()].filter((one) => one.corrected?.way === "drawn").map(({ index }) => index);
    keys.sort((a, b) => a - b);
    const last = keys.find((key) => key > frame) ?? keys.at(-1);
    const first = keys.findLast((key) => last !== undefined && key < last && key <= frame);
    return [first ?? keys.findLast((key) => last !== undefined && key < last), last];
  }

  /** Ask for the stretch that holds `frame`, and for the next one. */
  want(frame: number): void {
    const start = Math.floor(frame / STRETCH) * STRETCH;
    for (const stretch of [start, (start + STRETCH) % (Math.ceil(this.count / STRETCH) * STRETCH)]) {
      if (this.#asked.has(stretch)) continue;
      this.#asked.add(stretch);
      this.#fetch(stretch, STRETCH).catch((error: unknown) => {
        this.#asked.delete(stretch);
        this.onproblem(error);
      });
    }
  }

  /** Show a bone line that was just saved, until the server's own words for it arrive. */
  redraw(frame: number, lines: FrameOverlay["surfaces"][number]["lines"]): void {
    const before = this.#frames.get(frame);
    if (!before) return;
    const bone = { structure: "bone", lines, confidence: lines.map(() => 1), edited: true };
    const others = before.surfaces.filter(({ structure }) => structure !== bone.structure);
    this.#frames.set(frame, { ...before, surfaces: [...others, bone] });
    this.arrived++;
  }

  /** Fetch one frame again, because somebody changed it. */
  async renew(frame: number): Promise<void> {
    await this.#fetch(frame, 1);
  }

  /** Fetch everything again when it is next asked for; what is here stays until then. */
  renewAll(frame: number): void {
    this.#asked.clear();
    this.want(frame);
  }

  async #fetch(start: number, count: number): Promise<void> {
    const found = await readOverlays(this.recording, start, Math.min(count, this.count - start));
    this.method = found.method;
    for (const overlay of found.frames) this.#frames.set(overlay.index, overlay);
    this.arrived++;
  }
}
