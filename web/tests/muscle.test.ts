import { describe, expect, it } from "vitest";
import type { Contraction, MuscleCell, MuscleRow, MuscleShown, Side } from "../src/api/types";
import {
  amountText,
  atLevel,
  figureText,
  firstFrame,
  keyOf,
  levelsOf,
  linesOf,
  missing,
  rowOf,
  rowText,
  spreadText,
  toggled,
} from "../src/features/muscle/board";
import { handleName, movedTo, newEnds, readingOf, stepOf, viewOf } from "../src/features/muscle/ends";

function repeat(frame: number, value: number | null, counts = true) {
  return { frame, value, sd: 0.4, note: "", points_px: [], counts, correction: null };
}

function shown(parts: Partial<MuscleShown> = {}): MuscleShown {
  const repeats = [repeat(0, 30), repeat(1, 31), repeat(2, 35), repeat(3, null, false)];
  return {
    ...{ recording_id: "r", name: "one.png", side: "unknown", repeats, value: 31, sd: 0.5, how: "", chosen: null },
    ...parts,
  };
}

function cell(side: Side, state: Contraction, value: number | null = 31): MuscleCell {
  return { side, state, shown: [shown()], value, sd: 0.5, spread: 2.6, n_frames: 3, mean: 32, how: "" };
}

function row(cells: MuscleCell[], parts: Partial<MuscleRow> = {}): MuscleRow {
  return {
    ...{ structure: "multifidus", quantity: "thickness", title: "Thickness", level: "L4", unit: "mm", movable: 2 },
    ...{ cells, figures: [], ...parts },
  };
}

describe("the rows of a muscle page", () => {
  it("stand left beside right for each state, with a place for what is missing", () => {
    const lines = linesOf(row([cell("right", "contracted"), cell("left", "rest"), cell("right", "rest")]));
    expect(lines.map(({ state }) => state)).toEqual(["rest", "contracted"]);
    expect(lines.map(({ cells }) => cells.map(({ side, cell }) => [side, cell !== undefined]))).toEqual([
      [
        ["left", true],
        ["right", true],
      ],
      [
        ["left", false],
        ["right", true],
      ],
    ]);
  });

  it("show what names no side in a line of its own, and say what that costs", () => {
    const one = row([cell("unknown", "unknown")]);
    expect(linesOf(one)).toHaveLength(1);
    expect(missing(one).join(" ")).toContain("which side");
    expect(missing(one).join(" ")).toContain("at rest or contracted");
    expect(missing(row([cell("left", "rest"), cell("right", "contracted")]))).toEqual([]);
    expect(missing(row([cell("left", "rest")]))).toEqual(["Nothing contracted is here: no change can be given."]);
  });

  it("are chosen by what the address names, or else the first with a value", () => {
    const empty = row([cell("left", "rest", null)], { structure: "erector_spinae" });
    const full = row([cell("left", "rest")], { level: "L5" });
    expect(rowOf([empty, full], null)).toBe(full);
    expect(rowOf([empty, full], keyOf(empty))).toBe(empty);
    expect(levelsOf([empty, full, full])).toEqual(["L4", "L5"]);
    expect(atLevel([empty, full], empty, "L5")).toBe(full);
    expect(rowText(empty)).toBe("Erector spinae, thickness");
  });

  it("begin with the counted frame nearest to their value, and put frames in and out", () => {
    expect(firstFrame(shown())).toBe(1);
    expect(firstFrame(shown({ repeats: [] }))).toBe(0);
    expect(toggled(shown(), 1)).toEqual([0, 2]);
    expect(toggled(shown({ repeats: [repeat(0, 30, false), repeat(2, 35)] }), 0)).toEqual([0, 2]);
  });

  it("print values with doubt, spread and unit, and ratios with two decimals", () => {
    expect(amountText(31.44, 0.8, "mm")).toBe("31.4 ± 0.8 mm");
    expect(amountText(null, null, "mm")).toBe("–");
    expect(spreadText(cell("left", "rest"), "mm")).toBe("mean of 3 frames 32.0, spread 2.6 mm");
    expect(spreadText({ ...cell("left", "rest"), spread: null, n_frames: 1 }, "mm")).toContain("one frame only");
    const figure = { name: "", of: "", definition: "", refused: "" };
    expect(figureText({ ...figure, value: 1.184, sd: null, unit: "1" })).toBe("1.18");
    expect(figureText({ ...figure, value: 18.43, sd: 2.1, unit: "%" })).toBe("18.4 ± 2.1 %");
    expect(figureText({ ...figure, value: null, sd: null, unit: "%" })).toBe("–");
  });
});

describe("the ends of a calliper", () => {
  const image = { width: 100, height: 60 };
  const regions = [
    { x0: 0, y0: 0, x1: 99, y1: 59, spatial: true, step_x_mm: 0.5, step_y_mm: 0.5, high_priority: false },
  ];

  it("move by a pixel, with Shift by ten, and stay in the picture", () => {
    expect(stepOf("ArrowUp", false)).toEqual([0, -1]);
    expect(stepOf("ArrowRight", true)).toEqual([10, 0]);
    expect(stepOf("a", false)).toBeUndefined();
    const ends = newEnds(image);
    expect(movedTo(ends, 0, [-5, 80], image)[0]).toEqual([0, 59]);
    expect(movedTo(ends, 0, [-5, 80], image)[1]).toEqual(ends[1]);
  });

  it("stand in the middle of the first view, large enough to take hold of", () => {
    const small = viewOf(
      [
        [40, 20],
        [40, 26],
      ],
      image,
    );
    expect(small).toEqual({ zoom: 3, cx: 40, cy: 23 });
    expect(viewOf(newEnds(image), image).zoom).toBeCloseTo(1.5, 5);
    expect(viewOf([], image).zoom).toBe(1);
  });

  it("read in millimetres at once, and outlines as areas", () => {
    const ends = [
      [10, 10],
      [13, 14],
    ] as const;
    expect(readingOf(ends, 2, regions)).toEqual({ value: 2.5, unit: "mm" });
    const square = [
      [0, 0],
      [10, 0],
      [10, 10],
      [0, 10],
    ] as const;
    expect(readingOf(square, 3, regions)).toEqual({ value: 25, unit: "mm2" });
    expect(readingOf(ends, 2, [])).toMatchObject({ refused: "uncalibrated" });
    expect(handleName(0, 2)).toContain("First end");
    expect(handleName(4, 24)).toBe("Point 5 of 24 of the outline");
  });
});
