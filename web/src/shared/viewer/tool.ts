/** What the pointer does on the picture, when it does not move the picture. Points are image coordinates. */

import type { Point } from "../geometry";

export interface Tool {
  /** Take the press and what follows it (true), or leave it to panning. `reach`: how near counts as hit, image pixels. */
  down(at: Point, reach: number): boolean;
  move(at: Point): void;
  up(): void;
  hover?(at: Point): void;
  doubled?(): void;
}
