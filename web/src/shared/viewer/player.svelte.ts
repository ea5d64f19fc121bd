/** Plays a recording at its true speed, over and over. */

import { dueAt, scoreOf, type Score } from "./clock";

const NO_FRAMES: Score = { starts: [0], round_s: 1 };

export class Player {
  frame = $state(0);
  playing = $state(false);
  /** Frames per second that reached the screen in the last second, while playing. */
  shownHz = $state(0);

  #count = $state(0);
  #score = NO_FRAMES;
  #startedAt_ms = 0;
  #tick = 0;
  #shown: number[] = [];

  /** `ready`: whether a frame can be shown at once; one that is not is dropped while playing. */
  constructor(private readonly ready: (frame: number) => boolean) {}

  /** Start over with another recording. */
  open(times: readonly number[], frames: number, frame: number): void {
    this.pause();
    this.#count = frames;
    this.#score = scoreOf(times, frames);
    this.go(frame);
  }

  get count(): number {
    return this.#count;
  }

  go(frame: number): void {
    this.frame = Math.min(Math.max(0, Math.round(frame)), Math.max(0, this.#count - 1));
    if (this.playing) this.#startedAt_ms = performance.now() - this.#score.starts[this.frame]! * 1000;
  }

  step(by: number): void {
    this.pause();
    this.go(this.frame + by);
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  play(): void {
    if (this.playing || this.#count < 2) return;
    this.playing = true;
    this.go(this.frame);
    this.#tick = requestAnimationFrame(this.#advance);
  }

  pause(): void {
    this.playing = false;
    cancelAnimationFrame(this.#tick);
    this.#shown = [];
    this.shownHz = 0;
  }

  #advance = (now_ms: number): void => {
    if (!this.playing) return;
    const due = dueAt(this.#score, (now_ms - this.#startedAt_ms) / 1000);
    if (due !== this.frame && this.ready(due)) {
      this.frame = due;
      this.#countShown(now_ms);
    }
    this.#tick = requestAnimationFrame(this.#advance);
  };

  #countShown(now_ms: number): void {
    this.#shown.push(now_ms);
    while (now_ms - this.#shown[0]! > 1000) this.#shown.shift();
    this.shownHz = this.#shown.length;
  }
}
