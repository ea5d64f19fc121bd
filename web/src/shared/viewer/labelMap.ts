/** A label map as outlines, and places for names on it. */

import type { Point } from "../geometry";

/** The outline of everything that bears one label, in pixels of the label map (first pixel's centre at 0, 0). */
export interface Outline {
  readonly id: number;
  readonly loops: readonly (readonly Point[])[];
}

/** Where a name stands, and how far from there to another structure, pixels of the label map. */
export interface Seat {
  readonly id: number;
  readonly at: Point;
  readonly room: number;
}

const ROUNDS = 2;
const DIAGONAL = Math.SQRT2;
/** A name leaves its seat only for one that is clearly better, so that it does not jitter. */
const LOYALTY = 0.6;

/** Return the outline of every label above 0; loops of fewer than `least` steps are left out. */
export function outlines(labels: Uint8Array, width: number, height: number, least: number): Outline[] {
  const cracks = findCracks(labels, width, height);
  const corner = width + 1;
  return [...cracks].map(([id, next]) => ({
    id,
    loops: loopsOf(next)
      .filter((loop) => loop.length >= least)
      .map((loop) => smooth(loop.map((at) => [(at % corner) - 0.5, Math.floor(at / corner) - 0.5] as const))),
  }));
}

/** Return where the name of every label above 0 has most room; `before`: the seats of the frame before. */
export function seats(labels: Uint8Array, width: number, height: number, before: readonly Seat[]): Seat[] {
  const room = distances(labels, width, height);
  const best = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    const id = labels[i]!;
    if (id > 0 && room[i]! > (room[best.get(id) ?? -1] ?? 0)) best.set(id, i);
  }
  return [...best].map(([id, i]) => {
    const old = before.find((seat) => seat.id === id);
    const kept = old ? Math.round(old.at[1]) * width + Math.round(old.at[0]) : -1;
    const stay = labels[kept] === id && room[kept]! >= LOYALTY * room[i]!;
    const at = stay ? kept : i;
    return { id, at: [at % width, Math.floor(at / width)], room: room[at]! };
  });
}

/** Return the label under a point of the map, 0 outside. */
export function labelAt(labels: Uint8Array, width: number, height: number, [x, y]: Point): number {
  const [column, row] = [Math.round(x), Math.round(y)];
  return column < 0 || row < 0 || column >= width || row >= height ? 0 : labels[row * width + column]!;
}

/**
 * Return, for each label, the corners that its cracks lead from and to, with the label always on the right hand.
 * A crack is the edge between two pixels of different labels; corners are numbered along rows of `width + 1`.
 */
function findCracks(labels: Uint8Array, width: number, height: number): Map<number, Map<number, number[]>> {
  const found = new Map<number, Map<number, number[]>>();
  const corner = width + 1;
  const link = (id: number, from: number, to: number): void => {
    if (id === 0) return;
    let next = found.get(id);
    if (!next) found.set(id, (next = new Map()));
    const known = next.get(from);
    if (known) known.push(to);
    else next.set(from, [to]);
  };
  for (let row = 0; row <= height; row++) {
    for (let column = 0; column <= width; column++) {
      const at = row * corner + column;
      const here = row < height && column < width ? labels[row * width + column]! : 0;
      const above = row > 0 && column < width ? labels[(row - 1) * width + column]! : 0;
      const left = column > 0 && row < height ? labels[row * width + column - 1]! : 0;
      if (column < width && here !== above) {
        link(here, at, at + 1);
        link(above, at + 1, at);
      }
      if (row < height && here !== left) {
        link(here, at + corner, at);
        link(left, at, at + corner);
      }
    }
  }
  return found;
}

/** Walk along cracks until each is used once; every walk ends where it began. */
function loopsOf(next: Map<number, number[]>): number[][] {
  const loops: number[][] = [];
  for (const [start, ways] of next) {
    while (ways.length) {
      const loop: number[] = [];
      let at = start;
      do {
        loop.push(at);
        at = next.get(at)!.pop()!;
      } while (at !== start);
      loops.push(loop);
    }
  }
  return loops;
}

/** Round the steps of a closed line off. */
function smooth(loop: readonly Point[]): Point[] {
  let points = [...loop];
  for (let round = 0; round < ROUNDS; round++) {
    const before = points;
    points = before.map(([x, y], i) => {
      const [[px, py], [nx, ny]] = [before.at(i - 1)!, before[(i + 1) % before.length]!];
      return [(px + 2 * x + nx) / 4, (py + 2 * y + ny) / 4] as const;
    });
  }
  return points.filter((_, i) => i % 2 === 0);
}

/** Return how far each pixel is from another label or the edge of the map, pixels (two-pass chamfer distance). */
function distances(labels: Uint8Array, width: number, height: number): Float32Array {
  const room = new Float32Array(labels.length);
  const step = (i: number, j: number, away: number): void => {
    const reached = labels[i] === labels[j] ? room[j]! + away : 0.5 * away;
    if (reached < room[i]!) room[i] = reached;
  };
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      room[i] = 0.5 + Math.min(column, row, width - 1 - column, height - 1 - row);
      if (column > 0) step(i, i - 1, 1);
      if (row > 0) {
        step(i, i - width, 1);
        if (column > 0) step(i, i - width - 1, DIAGONAL);
        if (column < width - 1) step(i, i - width + 1, DIAGONAL);
      }
    }
  }
  for (let row = height - 1; row >= 0; row--) {
    for (let column = width - 1; column >= 0; column--) {
      const i = row * width + column;
      if (column < width - 1) step(i, i + 1, 1);
      if (row < height - 1) {
        step(i, i + width, 1);
        if (column > 0) step(i, i + width - 1, DIAGONAL);
        if (column < width - 1) step(i, i + width + 1, DIAGONAL);
      }
    }
  }
  return room;
}

/** Return a point of a map of one size in another that covers the same picture. */
export function rescaled([x, y]: Point, by: number, width: number, height: number): Point {
  const within = (value: number, last: number): number => Math.min(last, Math.max(0, (value + 0.5) * by - 0.5));
  return [within(x, width - 1), within(y, height - 1)];
}
