/** Where the room is looked at from: over the feet of the patient, who lies prone with the head away. */

import { clamp } from "../skin";
import type { Vector } from "../vectors";

const DEGREE = Math.PI / 180;
const DEGREES_PER_PX = 0.35;
const LEAST_HIGH = 18;
const MOST_HIGH = 88;
const MOST_ASIDE = 75;
const LEAST_ZOOM = 0.55;
const MOST_ZOOM = 2.6;
/** What must be seen at rest, mm: across and along the body. */
const WIDE_MM = 300;
const LONG_MM = 270;
const HALF_VIEW = Math.tan(13.5 * DEGREE);

export class Orbit {
  /** Degrees: to the left of the patient, and above the couch. */
  #aside = 14;
  #high = 62;
  #zoom = 1;
  #at: Vector;

  constructor(at: Vector) {
    this.#at = at;
  }

  /** Look at another middle. */
  about(at: Vector): void {
    this.#at = at;
  }

  reset(): void {
    [this.#aside, this.#high, this.#zoom] = [14, 62, 1];
  }

  /** Turn by screen pixels of a drag. */
  drag(dx: number, dy: number): void {
    this.#aside = clamp(this.#aside + dx * DEGREES_PER_PX, -MOST_ASIDE, MOST_ASIDE);
    this.#high = clamp(this.#high + dy * DEGREES_PER_PX, LEAST_HIGH, MOST_HIGH);
  }

  zoom(factor: number): void {
    this.#zoom = clamp(this.#zoom * factor, LEAST_ZOOM, MOST_ZOOM);
  }

  /** Return where the eye is and what it looks at, for a canvas `aspect` times as wide as high. */
  seen(aspect: number): readonly [Vector, Vector] {
    const [high, aside] = [this.#high * DEGREE, this.#aside * DEGREE];
    const fits = Math.max((LONG_MM * Math.sin(high) + 90) / 2, WIDE_MM / 2 / aspect) / HALF_VIEW;
    const away = fits / this.#zoom;
    const [x, y, z] = this.#at;
    const flat = away * Math.cos(high);
    return [[x - flat * Math.sin(aside), y + away * Math.sin(high), z - flat * Math.cos(aside)], this.#at];
  }
}
