/** Why something is called what it is called: what can be asked about, and how the answer is drawn on the picture. */

import type { Seen, Why } from "../../api/types";
import { words } from "../../shared/format";
import type { Point } from "../../shared/geometry";
import { outlines } from "../../shared/viewer/labelMap";
import type { Shape } from "../../shared/viewer/shapes";

/** What is asked about: a structure of the map by its name, or a landmark by its place in the list. */
export type Subject =
  { readonly kind: "structure"; readonly structure: string } | { readonly kind: "landmark"; readonly landmark: number };

/** Levels of evidence from which it is tinted, by the id under which an area of it is outlined. */
const FOR = [0.3, 0.55, 0.8] as const;
const AGAINST = -0.35;
const AGAINST_ID = FOR.length + 1;
const FULL = 127;
/** Orange speaks for it, blue against it: told apart by colour-blind readers. */
const [WARM, COLD] = ["#ff9d2e", "#4aa3ff"];
const TINTS = [0.12, 0.16, 0.2] as const;
const LEAST_STEPS = 3;

/** Return what can be asked about, structures first. */
export function subjectsOf(seen: Seen): readonly Subject[] {
  const structures = seen.map?.structures.map(({ structure }): Subject => ({ kind: "structure", structure })) ?? [];
  return [...structures, ...seen.landmarks.map((_, landmark): Subject => ({ kind: "landmark", landmark }))];
}

/** Return the name of what is asked about; of several landmarks of a kind with its number. */
export function nameOf(subject: Subject, seen: Seen): string {
  if (subject.kind === "structure") return words(subject.structure);
  const mark = seen.landmarks[subject.landmark];
  if (!mark) return "";
  const alike = seen.landmarks.filter(({ landmark }) => landmark === mark.landmark);
  const number = alike.length > 1 ? ` ${alike.indexOf(mark) + 1}` : "";
  return `Landmark: ${words(mark.landmark).toLowerCase()}${number}`;
}

export function same(one: Subject | undefined, other: Subject | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Return the subject `by` places after one, round and round; the first or last where none was asked about. */
export function nextSubject(seen: Seen, now: Subject | undefined, by: 1 | -1): Subject | undefined {
  const all = subjectsOf(seen);
  const at = all.findIndex((one) => same(one, now));
  return at < 0 ? all.at(by > 0 ? 0 : -1) : all[(at + by + all.length) % all.length];
}

/** Return what lies at a point of the picture: a landmark within reach, else the structure there. */
export function subjectAt(
  seen: Seen,
  labels: Uint8Array | undefined,
  [x, y]: Point,
  reach: number,
): Subject | undefined {
  const away = seen.landmarks.map(({ at_px }) => Math.hypot(at_px[0] - x, at_px[1] - y));
  const nearest = away.indexOf(Math.min(...away));
  if (nearest >= 0 && away[nearest]! <= reach) return { kind: "landmark", landmark: nearest };
  const { map } = seen;
  if (!map || !labels) return undefined;
  const [column, row] = [Math.round((x - map.x_px) / map.step_px), Math.round((y - map.y_px) / map.step_px)];
  if (column < 0 || row < 0 || column >= map.columns || row >= map.rows) return undefined;
  const id = labels[row * map.columns + column];
  const found = map.structures.find((one) => one.id === id);
  return found && { kind: "structure", structure: found.structure };
}

/** Return the evidence over the picture: tinted where it speaks for it or against it, framed where it decides. */
export function evidenceShapes({ evidence, decisive }: Why): readonly Shape[] {
  const cells = new Int8Array(bytesOf(evidence.cells).buffer);
  const { columns, rows, x_px, y_px, step_px } = evidence;
  const place = ([column, row]: Point): Point => [x_px + column * step_px, y_px + row * step_px];
  // Each level is outlined for itself, so that stronger evidence lies within weaker and adds to its tint.
  const areas = [...FOR.map((_, level) => level + 1), AGAINST_ID].flatMap((id) => {
    const inside = Uint8Array.from(cells, (value) => (reaches(value / FULL, id) ? id : 0));
    return outlines(inside, columns, rows, LEAST_STEPS).map((area) => ({ id, loops: area.loops }));
  });
  const tints = areas.map(({ id, loops }): Shape => {
    const [colour, tint] = id === AGAINST_ID ? [COLD, 0.2] : [WARM, TINTS[id - 1]!];
    return { kind: "region", loops: loops.map((loop) => loop.map(place)), colour, tint, edge: 0.5 };
  });
  return [...tints, ...decisive.map(frame)];
}

function reaches(value: number, id: number): boolean {
  return id === AGAINST_ID ? value <= AGAINST : value >= FOR[id - 1]!;
}

function frame([left, top, right, bottom]: Why["decisive"][number]): Shape {
  const points: Point[] = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  return { kind: "line", points, closed: true, colour: "#ffffff", width: 1.5, dashed: true };
}

/** Return the bytes of a text in base64. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
