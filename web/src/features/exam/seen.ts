/** What a model recognised in a stored frame: its map's cells, its legend, and its words, never surer than it is. */

import { unpacked } from "../../api/live";
import type { FrameOverlay, StoredMap } from "../../api/types";
import { STRUCTURES } from "../../shared/colours";
import { words } from "../../shared/format";

/** From this probability on something is named without a question mark; below the second it is not named at all. */
export const SURE = 0.8;
const GUESS = 0.4;
const LEAST_LEVEL = 0.15;
const cells = new WeakMap<StoredMap, Uint8Array>();

/** Return cells that come as base64 of their runs. Throws if damaged. */
export function decoded(runs: string, cells: number): Uint8Array {
  const bytes = Uint8Array.from(atob(runs), (one) => one.charCodeAt(0));
  return unpacked(new DataView(bytes.buffer), cells);
}

/** Return the cells of a map, row by row; each map is unpacked once. */
export function cellsOf(map: StoredMap): Uint8Array {
  const known = cells.get(map);
  if (known) return known;
  const made = decoded(map.runs, map.rows * map.columns);
  cells.set(map, made);
  return made;
}

export interface Entry {
  readonly structure: string;
  readonly name: string;
  /** Mean probability of what bears the name; undefined where it is not in this frame. */
  readonly probability: number | undefined;
  readonly unsure: boolean;
}

/** Return the structures of a frame from the skin down; `hidden` ones stay in the list, to be shown again. */
export function legendOf(overlay: FrameOverlay, hidden: ReadonlySet<string>): readonly Entry[] {
  const found = new Map<string, number>();
  for (const { structure, lines, confidence } of overlay.surfaces) {
    if (lines.length) found.set(structure, confidence.reduce((sum, one) => sum + one, 0) / confidence.length);
  }
  for (const { structure, probability } of overlay.map?.structures ?? []) found.set(structure, probability);
  const unsure = new Set(overlay.unsure);
  return STRUCTURES.filter((one) => found.has(one) || unsure.has(one) || hidden.has(one)).map((structure) => ({
    structure,
    name: words(structure),
    probability: found.get(structure),
    unsure: unsure.has(structure),
  }));
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Return the view in words; empty where the model knows none. */
export function viewText({ view, silent }: FrameOverlay): string {
  const [best] = view;
  if (!best || silent) return "";
  if (best.share < GUESS) return "View not sure";
  return `${words(best.view)}${best.share < SURE ? "?" : ""} ${percent(best.share)}`;
}

/** Return the level, or the candidates with their probabilities where it is not sure; empty where none is known. */
export function levelText({ level }: FrameOverlay): string {
  if (!level) return "";
  const [best] = level.shares;
  if (level.sure && best) return `${level.sure} ${percent(best.share)}`;
  const likely = level.shares.filter(({ share }) => share >= LEAST_LEVEL).slice(0, 3);
  return `Level not sure: ${likely.map(({ level: name, share }) => `${name} ${percent(share)}`).join(", ")}`;
}
