/** A map of structures under a brush: dabs, filled outlines, and what it takes to take them back. */

import type { Point } from "../../shared/geometry";

const RUN_BYTES = 3;
const LONGEST_RUN = 0xffff;

/** What one stroke changed: which cells, and what they were before and after. */
export interface Stroke {
  readonly cells: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A map of structures, one id per pixel, row by row. */
export interface Canvas {
  readonly labels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Return the cells within `radius` of the line from one point to another, each once. */
export function dab({ width, height }: Canvas, from: Point, to: Point, radius: number): number[] {
  const found: number[] = [];
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length2 = dx * dx + dy * dy;
  const within = (low: number, high: number, last: number): [number, number] => [
    Math.max(0, Math.floor(low - radius)),
    Math.min(last, Math.ceil(high + radius)),
  ];
  const [left, right] = within(Math.min(from[0], to[0]), Math.max(from[0], to[0]), width - 1);
  const [top, bottom] = within(Math.min(from[1], to[1]), Math.max(from[1], to[1]), height - 1);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = length2 ? ((x - from[0]) * dx + (y - from[1]) * dy) / length2 : 0;
      const t = Math.min(1, Math.max(0, along));
      if (Math.hypot(x - from[0] - t * dx, y - from[1] - t * dy) <= radius) found.push(y * width + x);
    }
  }
  return found;
}

/** Return the cells inside a closed outline, by the even-odd rule on the middle of each cell. */
export function filled({ width, height }: Canvas, outline: readonly Point[]): number[] {
  const found: number[] = [];
  const rows = outline.map(([, y]) => y);
  const [top, bottom] = [
    Math.max(0, Math.ceil(Math.min(...rows))),
    Math.min(height - 1, Math.floor(Math.max(...rows))),
  ];
  for (let y = top; y <= bottom; y++) {
    const crossings = outline
      .flatMap(([xa, ya], i) => {
        const [xb, yb] = outline[(i + 1) % outline.length]!;
        return ya <= y !== yb <= y ? [xa + ((y - ya) / (yb - ya)) * (xb - xa)] : [];
      })
      .sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [left, right] = [Math.max(0, Math.ceil(crossings[i]!)), Math.min(width - 1, Math.floor(crossings[i + 1]!))];
      for (let x = left; x <= right; x++) found.push(y * width + x);
    }
  }
  return found;
}

/** Return a map as base64 of its runs, as the server reads them. */
export function packed(labels: Uint8Array): string {
  const bytes: number[] = [];
  for (let start = 0; start < labels.length;) {
    const label = labels[start]!;
    let end = start + 1;
    while (end < labels.length && labels[end] === label && end - start < LONGEST_RUN) end++;
    bytes.push(label, (end - start) & 0xff, (end - start) >> 8);
    start = end;
  }
  let text = "";
  for (let i = 0; i < bytes.length; i += RUN_BYTES) text += String.fromCharCode(...bytes.slice(i, i + RUN_BYTES));
  return btoa(text);
}
