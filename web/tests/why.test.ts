import { describe, expect, it } from "vitest";
import type { Seen, Why } from "../src/api/types";
import { evidenceShapes, nameOf, nextSubject, subjectAt, subjectsOf } from "../src/features/live/why";

const [COLUMNS, ROWS, STEP] = [8, 6, 10];
const labels = new Uint8Array(COLUMNS * ROWS).fill(3, 3 * COLUMNS);

const seen = {
  map: {
    columns: COLUMNS,
    rows: ROWS,
    x_px: 5,
    y_px: 5,
    step_px: STEP,
    size: 0,
    structures: [{ id: 3, structure: "erector_spinae", probability: 0.8 }],
  },
  landmarks: [
    { landmark: "spinous_tip", at_px: [40, 12], long_px: 4, short_px: 2, turn_rad: 0, long_mm: 1, confidence: 0.9 },
  ],
} as unknown as Seen;

const structure = { kind: "structure", structure: "erector_spinae" } as const;
const landmark = { kind: "landmark", landmark: 0 } as const;

function why(values: readonly number[]): Why {
  const cells = btoa(String.fromCharCode(...new Uint8Array(Int8Array.from(values).buffer)));
  return {
    evidence: { columns: 16, rows: 16, x_px: 2, y_px: 2, step_px: 4, cells },
    decisive: [[10, 12, 30, 40]],
  } as unknown as Why;
}

describe("what can be asked about", () => {
  it("is every structure and landmark, one after the other, round and round", () => {
    expect(subjectsOf(seen)).toEqual([structure, landmark]);
    expect([nextSubject(seen, undefined, 1), nextSubject(seen, undefined, -1)]).toEqual([structure, landmark]);
    expect(nextSubject(seen, structure, 1)).toEqual(landmark);
    expect(nextSubject(seen, landmark, 1)).toEqual(structure);
    expect(nameOf(structure, seen)).toBe("Erector spinae");
    expect(nameOf(landmark, seen)).toBe("Landmark: spinous tip");
    const twice = { ...seen, landmarks: [seen.landmarks[0]!, { ...seen.landmarks[0]! }] };
    expect(nameOf({ kind: "landmark", landmark: 1 }, twice)).toBe("Landmark: spinous tip 2");
  });

  it("is what lies under the pointer, a landmark first", () => {
    expect(subjectAt(seen, labels, [43, 14], 8)).toEqual(landmark);
    expect(subjectAt(seen, labels, [43, 45], 8)).toEqual(structure);
    expect(subjectAt(seen, labels, [10, 10], 8)).toBeUndefined();
    expect(subjectAt(seen, labels, [400, 45], 8)).toBeUndefined();
    expect(subjectAt(seen, undefined, [43, 45], 8)).toBeUndefined();
  });
});

describe("evidence", () => {
  it("is tinted where it speaks for it and against it, and framed where it decides", () => {
    const inside = (i: number, from: number, to: number): boolean =>
      i % 16 >= from && i % 16 < to && Math.floor(i / 16) >= from && Math.floor(i / 16) < to;
    const values = Array.from({ length: 256 }, (_, i) => (inside(i, 2, 7) ? 120 : inside(i, 10, 14) ? -90 : 5));
    const shapes = evidenceShapes(why(values));
    const colours = shapes.flatMap((shape) => (shape.kind === "region" && shape.loops.length ? [shape.colour] : []));
    expect(colours).toEqual(["#ff9d2e", "#ff9d2e", "#ff9d2e", "#4aa3ff"]);
    const [area] = shapes;
    if (area?.kind !== "region") throw new Error("no area");
    const across = area.loops.flat().map(([x]) => x);
    expect(Math.min(...across)).toBeCloseTo(2 + 1.5 * 4, 0);
    expect(Math.max(...across)).toBeCloseTo(2 + 6.5 * 4, 0);
    const frame = shapes.at(-1);
    expect(frame?.kind === "line" && frame.points).toEqual([
      [10, 12],
      [30, 12],
      [30, 40],
      [10, 40],
    ]);
  });

  it("is nothing where nothing speaks", () => {
    expect(evidenceShapes({ ...why(Array<number>(256).fill(3)), decisive: [] })).toEqual([]);
  });
});
