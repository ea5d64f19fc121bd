import { describe, expect, it } from "vitest";
import type { Trend, TrendVisit } from "../src/api/types";
import { hrefOf, measureOf } from "../src/features/trend/address";
import { answersOf } from "../src/features/trend/answers";
import { bandPoints, labelled, roundTicks, scaleOf, shapeOf, strips, verdictText } from "../src/features/trend/layout";

const measure = {
  quantity: "length",
  structure: "multifidus",
  side: "left",
  level: "L4",
  state: "unknown",
  title: "Length",
} as const;

function visit(day: string, value: number, verdict?: string): TrendVisit {
  const since = verdict ? { verdict, difference: 1, least_change: 2, sentence: "" } : null;
  return {
    day,
    value,
    spread: 0.5,
    n_readings: 3,
    draft: false,
    changed: false,
    since_first: since,
    since_last: since,
  };
}

function trend(parts: Partial<Trend> = {}): Trend {
  const visits = [visit("2026-01-12", 27), visit("2026-03-09", 32, "increased")];
  return {
    ...{ patient: "P", measure, unit: "mm", method: "", device: "", visits, band: [], error: null, line: null },
    ...{ marks: [], scores: [], sentences: [], left_out: [], ...parts },
  };
}

describe("the plot of a trend", () => {
  it("places days and values inside its margins, later to the right and more to the top", () => {
    const scale = scaleOf(trend(), 600, 340)!;
    expect(scale.x("2026-01-12")).toBeLessThan(scale.x("2026-03-09"));
    expect(scale.y(32)).toBeLessThan(scale.y(27));
    expect(scale.y(26.5)).toBeLessThanOrEqual(340 - 44);
    expect(scale.x("2026-03-09")).toBeLessThan(600);
  });

  it("has round ticks that hold all values", () => {
    expect(roundTicks(20.4, 29.9)).toEqual([20, 22, 24, 26, 28, 30]);
    expect(roundTicks(5, 5).length).toBeGreaterThan(1);
    expect(roundTicks(-0.013, 0.021)[0]).toBeLessThanOrEqual(-0.013);
  });

  it("puts one visit in the middle and its band from side to side", () => {
    const one = trend({ visits: [visit("2026-01-12", 27)], band: [{ day: "2026-01-12", low: 24, high: 30 }] });
    const scale = scaleOf(one, 600, 340)!;
    expect(scale.x("2026-01-12")).toBeCloseTo((58 + 600 - 24) / 2);
    expect(bandPoints(one, scale, 600)).toMatch(/^58,.* 576,/);
    expect(scaleOf(trend({ visits: [] }), 600, 340)).toBeUndefined();
  });

  it("tells verdicts by shape and word", () => {
    expect(shapeOf(visit("2026-01-12", 27, "increased"), 0, 0)).not.toBe(shapeOf(visit("2026-01-12", 27), 0, 0));
    expect(verdictText(visit("2026-01-12", 27))).toBe("first visit");
    expect(verdictText(visit("2026-01-12", 27, "within measurement error"))).toBe("within error");
    expect(verdictText(visit("2026-01-12", 27, "not comparable"))).toBe("not judged");
  });

  it("writes what there is room for, the chosen visit first", () => {
    const visits = ["2026-01-01", "2026-01-03", "2026-01-05", "2026-06-01"].map((day) => visit(day, 27));
    const close = trend({ visits });
    expect([...labelled(close, scaleOf(close, 600, 340)!, 2)].sort()).toEqual([2, 3]);
    expect([...labelled(close, scaleOf(close, 600, 340)!, 0)].sort()).toEqual([0, 3]);
  });

  it("has one strip for each questionnaire", () => {
    const score = { id: "1", day: "2026-01-12", instrument: "NRS", answers: [3], total: 3, who: "", at: "" } as const;
    const scores = [score, { ...score, id: "2", instrument: "ODI" as const }, { ...score, id: "3" }];
    const found = strips(trend({ scores: scores.map((one) => ({ ...one, answers: [...one.answers] })) }));
    expect(found.map((one) => [one.instrument, one.scores.length])).toEqual([
      ["NRS", 2],
      ["ODI", 1],
    ]);
  });
});

describe("the address of a trend", () => {
  it("leads back to its measure, or to the first", () => {
    const other = { ...measure, side: "right" as const };
    const followed = [other, measure].map((one) => ({ measure: one, n_visits: 2, latest: "2026-01-12" }));
    const query = new URL(hrefOf("P/1 &", measure), "http://here").searchParams;
    expect(query.get("patient")).toBe("P/1 &");
    expect(measureOf(query, followed)).toBe(measure);
    expect(measureOf(new URLSearchParams(), followed)).toBe(other);
    expect(measureOf(query, [])).toBeUndefined();
  });
});

describe("answers of a questionnaire", () => {
  it("keeps gaps, and leaves away what was not asked", () => {
    expect(answersOf([3, undefined, 5], 1, 5)).toEqual([3, null, 5]);
    expect(answersOf([1], 3, 3)).toEqual([1, null, null]);
  });
});
