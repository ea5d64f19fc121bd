/** Decoded pictures of one recording, near the frame that is looked at, within a budget of memory. */

import { frameUrl, fetchPicture } from "../../api/client";
import { Unreachable } from "../../api/problem";

const BUDGET_BYTES = 400_000_000;
const AT_ONCE = 4;
const AHEAD = 24;

export class Frames {
  /** Grows whenever a picture arrives, so that what depends on it looks again. */
  arrived = $state(0);
  /** The latest failure in words, until the next picture arrives. */
  problem = $state("");

  readonly #recording: string;
  readonly #count: number;
  readonly #most: number;
  readonly #pictures = new Map<number, ImageBitmap>();
  readonly #loading = new Map<number, AbortController>();
  readonly #failed = new Set<number>();
  #wanted: number[] = [];
  #closed = false;

  constructor(recording: { id: string; n_frames: number; width: number; height: number }) {
    this.#recording = recording.id;
    this.#count = recording.n_frames;
    this.#most = Math.max(AHEAD + 8, Math.floor(BUDGET_BYTES / (recording.width * recording.height * 4)));
  }

  /** Return the picture of that frame, if it is here. */
  get(frame: number): ImageBitmap | undefined {
    return this.#pictures.get(frame);
  }

  /** Ask for that frame first, then for those that follow it. */
  want(frame: number): void {
    this.#use(frame);
    const ahead = Math.min(AHEAD, this.#count - 1, this.#most - 1);
    const wanted = Array.from({ length: ahead + 1 }, (_, i) => (frame + i) % this.#count);
    if (frame > 0) wanted.splice(2, 0, frame - 1);
    this.#wanted = wanted.filter((i) => !this.#pictures.has(i) && !this.#failed.has(i));
    for (const [i, request] of this.#loading) if (!wanted.includes(i)) request.abort();
    this.#fill();
  }

  /** Try frames that failed once more. */
  retry(frame: number): void {
    this.#failed.clear();
    this.problem = "";
    this.want(frame);
  }

  close(): void {
    this.#closed = true;
    for (const request of this.#loading.values()) request.abort();
    for (const picture of this.#pictures.values()) picture.close();
    this.#pictures.clear();
  }

  /** What is looked at is given up last. */
  #use(frame: number): void {
    const picture = this.#pictures.get(frame);
    if (!picture) return;
    this.#pictures.delete(frame);
    this.#pictures.set(frame, picture);
  }

  #fill(): void {
    while (!this.#closed && this.#loading.size < AT_ONCE) {
      const frame = this.#wanted.shift();
      if (frame === undefined) return;
      if (!this.#loading.has(frame)) void this.#load(frame);
    }
  }

  async #load(frame: number): Promise<void> {
    const request = new AbortController();
    this.#loading.set(frame, request);
    try {
      this.#keep(frame, await fetchPicture(frameUrl(this.#recording, frame), request.signal));
    } catch (error) {
      if (!request.signal.aborted) this.#fail(frame, error);
    } finally {
      this.#loading.delete(frame);
      this.#fill();
    }
  }

  #keep(frame: number, picture: ImageBitmap): void {
    if (this.#closed) return picture.close();
    this.#pictures.set(frame, picture);
    const oldest = this.#pictures.size > this.#most ? this.#pictures.keys().next().value : undefined;
    if (oldest !== undefined) {
      this.#pictures.get(oldest)!.close();
      this.#pictures.delete(oldest);
    }
    this.problem = "";
    this.arrived++;
  }

  #fail(frame: number, error: unknown): void {
    this.#failed.add(frame);
    if (error instanceof Unreachable) return; // Said once for the whole page, which asks again by itself.
    this.problem = error instanceof Error ? error.message : String(error);
  }
}
