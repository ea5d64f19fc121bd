import { describe, expect, it } from "vitest";
import { bend, densify, drawOver, knobsOf, moveEnd, without } from "../src/features/exam/contour";
import type { Point } from "../src/shared/geometry";

const slope: Point[] = [
  [0, 10],
  [40, 50],
];

describe("a contour under a person's hand", () => {
  it("becomes one point per whole column", () => {
    const [run] = densify([slope]);
    expect(run).toHaveLength(41);
    expect(run![7]).toEqual([7, 17]);
  });

  it("keeps runs apart, and closes only small gaps", () => {
    expect(
      densify([
        [
          [0, 1],
          [5, 1],
        ],
        [
          [8, 1],
          [12, 1],
        ],
      ]),
    ).toHaveLength(1);
    expect(
      densify([
        [
          [0, 1],
          [5, 1],
        ],
        [
          [20, 1],
          [25, 1],
        ],
      ]),
    ).toHaveLength(2);
  });

  it("has handles at both ends", () => {
    const [run] = densify([slope]);
    const knobs = knobsOf(run!, 12);
    expect(knobs[0]).toBe(0);
    expect(knobs.at(-1)).toBe(40);
  });

  it("bends fully at the handle and not at all at its neighbours", () => {
    const [run] = densify([
      [
        [0, 10],
        [40, 10],
      ],
    ]);
    const knobs = [0, 20, 40];
    const bent = bend(run!, knobs, 20, 6);
    expect(bent[20]![1]).toBe(16);
    expect(bent[10]![1]).toBeCloseTo(13, 9);
    expect([bent[0]![1], bent[40]![1]]).toEqual([10, 10]);
  });

  it("is cut and drawn on at its ends", () => {
    const contour = densify([slope]);
    const cut = moveEnd(contour, contour[0]!, "first", 10);
    expect(cut[0]![0]).toEqual([10, 20]);
    const longer = moveEnd(cut, cut[0]!, "last", 45);
    expect(longer[0]!.at(-1)).toEqual([45, 50]);
    expect(moveEnd(contour, contour[0]!, "first", 99)[0]).toHaveLength(2);
  });

  it("is replaced where a stroke is drawn over it, in either direction", () => {
    const contour = densify([
      [
        [0, 10],
        [40, 10],
      ],
    ]);
    const drawn = drawOver(contour, [
      [30, 20],
      [10, 20],
    ]);
    expect(drawn).toHaveLength(1);
    expect(drawn[0]!.map(([x]) => x)).toEqual(Array.from({ length: 41 }, (_, i) => i));
    expect([drawn[0]![9]![1], drawn[0]![10]![1], drawn[0]![30]![1], drawn[0]![31]![1]]).toEqual([10, 20, 20, 10]);
  });

  it("can lose a run altogether", () => {
    const contour = densify([slope]);
    expect(without(contour, contour[0]!)).toEqual([]);
  });
});
