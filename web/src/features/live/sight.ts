/**
 * What is seen, drawn over the very frame it was seen in: tinted structures, surfaces, landmarks, and names.
 * It remembers where names stood, so that they stay there; it shows a name when it has lasted, and not before.
 */

import type { Seen, SeenMap } from "../../api/types";
import { colourOf } from "../../shared/colours";
import { words } from "../../shared/format";
import type { Point } from "../../shared/geometry";
import { seats, type Seat } from "../../shared/viewer/labelMap";
import { lines, mark, OF, onPicture, regions } from "../../shared/viewer/seenShapes";
import type { Shape } from "../../shared/viewer/shapes";
import type { Screen } from "./scan.svelte";

/** The same each time, so that nothing is drawn anew because of it. */
const NOTHING: readonly Shape[] = [];
/** Cells around a name's place that belong to its structure. */
const LEAST_ROOM = 3;
/** Names look for a better seat every so many frames. */
const SEATS_EVERY = 3;
const SHORTEST_NAMED = 24;
/** A name is shown after so many frames with it, and taken away after so many without. */
const COMES_AFTER = 3;
const GOES_AFTER = 6;
/** A name that follows a line moves this share of the way with each frame. */
const FOLLOW = 0.25;
/** How far over its line a name stands, pixels of the picture. */
const NAME_OVER = 14;
/** Width of a letter and height of a line on the screen, about. */
const LETTER_PX = 7.2;
const LINE_PX = 16;
export const LANDMARKS = "landmarks";

interface Name {
  at: Point;
  /** Frames with it (above zero), or without it since it was last there (below). */
  age: number;
}

export class Sights {
  #seats: readonly Seat[] = [];
  #frames = 0;
  #map = "";
  readonly #names = new Map<string, Name>();

  /**
   * Return what is drawn; `hidden`: structures that nobody wants to see; `scale`: screen pixels per picture pixel, by
   * which names that would cover each other are told apart.
   */
  draw({ head, labels }: Screen, hidden: ReadonlySet<string>, scale = 1): readonly Shape[] {
    const { seen } = head;
    if (!seen || seen.silent) {
      this.#names.clear();
      return NOTHING;
    }
    const surfaces = seen.surfaces.filter(({ structure }) => !hidden.has(structure));
    const lined = new Set(surfaces.map(({ structure }) => structure));
    const named = this.#named(seen, labels, hidden, scale);
    const marked = hidden.has(LANDMARKS) ? [] : seen.landmarks;
    return [
      ...(seen.map && labels ? regions(seen.map, labels, hidden, lined) : []),
      ...surfaces.flatMap(lines),
      ...marked.flatMap((one) => mark(one, named.has(OF[one.landmark]))),
      ...named.values(),
    ];
  }

  #named(
    seen: Seen,
    labels: Uint8Array | undefined,
    hidden: ReadonlySet<string>,
    scale: number,
  ): ReadonlyMap<string, Shape> {
    const wanted = this.#places(seen, labels);
    for (const [structure, at] of wanted) {
      const known = this.#names.get(structure);
      if (known) [known.at, known.age] = [at, Math.max(known.age, 0) + 1];
      else this.#names.set(structure, { at, age: 1 });
    }
    for (const [structure, name] of this.#names) {
      if (wanted.has(structure)) continue;
      name.age = name.age >= COMES_AFTER || name.age < 0 ? Math.min(name.age, 0) - 1 : -GOES_AFTER;
      if (name.age <= -GOES_AFTER) this.#names.delete(structure);
    }
    const standing = [...this.#names].filter(([structure, { age }]) => !hidden.has(structure) && stands(age));
    const found = new Map<string, Shape>();
    const taken: Box[] = [];
    for (const [structure, { at }] of standing) {
      const text = words(structure);
      const box = boxOf(at, text, scale);
      if (taken.some((other) => meet(box, other))) continue;
      taken.push(box);
      found.set(structure, { kind: "text", at, text, colour: colourOf(structure), stand: "over" });
    }
    return found;
  }

  /** Return where the name of each structure belongs: on its area where it has one, else over its line. */
  #places(seen: Seen, labels: Uint8Array | undefined): Map<string, Point> {
    const found = new Map<string, Point>();
    for (const { structure, lines: runs } of seen.surfaces) {
      const at = above(runs, this.#names.get(structure)?.at);
      if (at) found.set(structure, at);
    }
    if (!seen.map || !labels) return found;
    const names = new Map(seen.map.structures.map(({ id, structure }) => [id, structure]));
    for (const { id, at, room } of this.#seated(seen.map, labels)) {
      const structure = names.get(id);
      if (structure && room >= LEAST_ROOM && !found.has(structure)) found.set(structure, onPicture(seen.map, at));
    }
    return found;
  }

  #seated(map: SeenMap, labels: Uint8Array): readonly Seat[] {
    const form = `${map.columns} ${map.rows}`;
    if (form !== this.#map) [this.#map, this.#seats, this.#frames] = [form, [], 0];
    if (this.#frames++ % SEATS_EVERY === 0) this.#seats = seats(labels, map.columns, map.rows, this.#seats);
    const there = new Set(map.structures.map(({ id }) => id));
    return this.#seats.filter(({ id }) => there.has(id));
  }
}

/** Left, top, right and bottom of a name, pixels of the picture. */
type Box = readonly [number, number, number, number];

function boxOf([x, y]: Point, text: string, scale: number): Box {
  const [half, high] = [(text.length * LETTER_PX) / 2 / scale, LINE_PX / 2 / scale];
  return [x - half, y - high, x + half, y + high];
}

function meet(one: Box, other: Box): boolean {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

function stands(age: number): boolean {
  return age >= COMES_AFTER || (age < 0 && age > -GOES_AFTER);
}

/** Return a place over the middle of the longest line; one that is still over a line follows it and stays. */
function above(runs: readonly (readonly Point[])[], before: Point | undefined): Point | undefined {
  const length = (run: readonly Point[]): number => run.at(-1)![0] - run[0]![0];
  const longest = runs.reduce<readonly Point[] | undefined>(
    (best, run) => (best && length(best) >= length(run) ? best : run),
    undefined,
  );
  if (!longest || length(longest) < SHORTEST_NAMED) return undefined;
  const home = before && runs.find((run) => run[0]![0] <= before[0] && before[0] <= run.at(-1)![0]);
  const kept = home !== undefined && length(home) > 0.5 * length(longest);
  const x = kept ? before![0] : (longest[0]![0] + longest.at(-1)![0]) / 2;
  const y = heightAt(kept ? home : longest, x) - NAME_OVER;
  return [x, kept ? before![1] + FOLLOW * (y - before![1]) : y];
}

function heightAt(run: readonly Point[], x: number): number {
  const next = run.findIndex(([column]) => column >= x);
  const [right, left] = [run[Math.max(0, next)]!, run[Math.max(0, next - 1)]!];
  const share = right[0] === left[0] ? 0 : (x - left[0]) / (right[0] - left[0]);
  return left[1] + share * (right[1] - left[1]);
}
