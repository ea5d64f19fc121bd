/** What the page makes of the server's rows: what stands where, what is missing, and how it is said. */

import type {
  Contraction,
  MuscleCell,
  MuscleFigure,
  MuscleRow,
  MuscleRepeat,
  MuscleShown,
  Side,
} from "../../api/types";
import { doubtText, unitText, valueText, words } from "../../shared/format";

export const SIDES = ["left", "right"] as const satisfies readonly Side[];
const STATES = ["rest", "contracted"] as const satisfies readonly Contraction[];

/** Return a state as it stands beside a measure. */
export function stateText(state: Contraction): string {
  return { rest: "at rest", contracted: "contracted", unknown: "state not said" }[state];
}

/** Return a side as it stands over a picture. */
export function sideText(side: Side): string {
  return { left: "Left", right: "Right", midline: "Midline", unknown: "Side not said" }[side];
}

/** Return the name of a row in the address: `multifidus.thickness.L4`. */
export function keyOf({ structure, quantity, level }: MuscleRow): string {
  return [structure, quantity, level].join(".");
}

/** Return the row that the address names, else the first that has a value, else the first. */
export function rowOf(rows: readonly MuscleRow[], key: string | null): MuscleRow | undefined {
  return rows.find((row) => keyOf(row) === key) ?? rows.find(hasValue) ?? rows[0];
}

function hasValue(row: MuscleRow): boolean {
  return row.cells.some(({ value }) => value !== null);
}

/** Return a row as people choose it: "Multifidus, thickness". */
export function rowText({ structure, title }: MuscleRow): string {
  return `${words(structure)}, ${title.charAt(0).toLowerCase()}${title.slice(1)}`;
}

/** Return the levels of the rows, each once, in their order. */
export function levelsOf(rows: readonly MuscleRow[]): readonly string[] {
  return [...new Set(rows.map(({ level }) => level))];
}

/** Return the row of the same measure at another level, or the first that there is at that level. */
export function atLevel(rows: readonly MuscleRow[], row: MuscleRow, level: string): MuscleRow | undefined {
  const there = rows.filter((one) => one.level === level);
  const same = there.find(({ structure, quantity }) => structure === row.structure && quantity === row.quantity);
  return same ?? rowOf(there, null);
}

/** One line of panels: a state, with a cell for each side, or none. */
export interface Line {
  readonly state: Contraction;
  readonly cells: readonly { readonly side: Side; readonly cell: MuscleCell | undefined }[];
}

/** Return the panels of a row: left beside right for each state that was recorded, then what names no side. */
export function linesOf(row: MuscleRow): readonly Line[] {
  const states = [...STATES, "unknown" as const].filter((state) => row.cells.some((cell) => cell.state === state));
  return states.flatMap((state): Line[] => {
    const here = row.cells.filter((cell) => cell.state === state);
    const sided = here.filter(({ side }) => side === "left" || side === "right");
    const others = here.filter((cell) => !sided.includes(cell));
    const pair = SIDES.map((side) => ({ side, cell: sided.find((cell) => cell.side === side) }));
    const lines: Line[] = sided.length ? [{ state, cells: pair }] : [];
    if (others.length) lines.push({ state, cells: others.map((cell) => ({ side: cell.side, cell })) });
    return lines;
  });
}

/** Return what this row cannot show, one sentence each. */
export function missing(row: MuscleRow): readonly string[] {
  const has = (state: Contraction) => row.cells.some((cell) => cell.state === state);
  const said = [];
  if (row.cells.every(({ side }) => side !== "left" && side !== "right"))
    said.push("No recording says which side it shows: sides cannot be compared. Label it below.");
  if (!has("rest") && !has("contracted"))
    said.push("No recording says whether the muscle was at rest or contracted: no change can be given.");
  else if (!has("contracted")) said.push("Nothing contracted is here: no change can be given.");
  else if (!has("rest")) said.push("Nothing at rest is here: no change can be given.");
  return said;
}

/** Return a value with its doubt and unit, or a dash. */
export function amountText(value: number | null, sd: number | null, unit: string): string {
  return [valueText(value, sd), value === null ? "" : doubtText(sd), value === null ? "" : unitText(unit)]
    .filter(Boolean)
    .join(" ");
}

/** Return what is said of the frames of a cell: their mean and spread, or that there is but one. */
export function spreadText({ mean, spread, n_frames }: MuscleCell, unit: string): string {
  if (mean === null || n_frames === 0) return "no frame counts";
  if (spread === null) return "one frame only: no spread";
  return `mean of ${n_frames} frames ${valueText(mean, spread)}, spread ${valueText(spread, spread)} ${unitText(unit)}`;
}

/** Return a figure's value; ratios have no unit. */
export function figureText({ value, sd, unit }: MuscleFigure): string {
  if (value === null) return "–";
  const digits = unit === "1" ? Math.max(2, decimalsOf(sd)) : decimalsOf(sd);
  const doubt = sd ? ` ± ${sd.toFixed(digits)}` : "";
  return `${value.toFixed(digits)}${doubt} ${unitText(unit)}`.trim();
}

function decimalsOf(sd: number | null): number {
  return sd ? Math.min(3, Math.max(1, Math.ceil(-Math.log10(sd)))) : 1;
}

/** Return the frame that a recording begins with: one that counts and is nearest to its value. */
export function firstFrame({ repeats, value }: MuscleShown): number {
  const counted = repeats.filter((one) => one.counts && one.value !== null);
  const away = (one: MuscleRepeat) => Math.abs((one.value ?? 0) - (value ?? 0));
  return (
    counted.reduce<MuscleRepeat | undefined>((best, one) => (best && away(best) <= away(one) ? best : one), undefined)
      ?.frame ??
    repeats[0]?.frame ??
    0
  );
}

/** Return the frames that count after one was put in or taken out. */
export function toggled({ repeats }: MuscleShown, frame: number): number[] {
  const counted = repeats.filter((one) => one.counts).map((one) => one.frame);
  return counted.includes(frame) ? counted.filter((one) => one !== frame) : [...counted, frame].sort((a, b) => a - b);
}
