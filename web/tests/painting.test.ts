import { describe, expect, it } from "vitest";
import { decoded } from "../src/features/exam/seen";
import { dab, filled, packed } from "../src/features/exam/painting";

const canvas = { labels: new Uint8Array(60 * 40), width: 60, height: 40 };
const area = (radius: number): number => Math.PI * radius * radius;

describe("painting", () => {
  it("dabs a disc of the brush's size, and a stroke without gaps", () => {
    const disc = dab(canvas, [30, 20], [30, 20], 8);
    expect(Math.abs(disc.length - area(8)) / area(8)).toBeLessThan(0.05);
    const stroke = dab(canvas, [10, 20], [50, 20], 3);
    for (let x = 10; x <= 50; x++) expect(stroke).toContain(20 * 60 + x);
    expect(new Set(stroke).size).toBe(stroke.length);
  });

  it("stays inside the picture", () => {
    for (const cell of dab(canvas, [-5, -5], [70, 45], 6)) {
      expect(cell).toBeGreaterThanOrEqual(0);
      expect(cell).toBeLessThan(60 * 40);
    }
    expect(dab(canvas, [-50, -50], [-50, -50], 4)).toEqual([]);
  });

  it("fills an outline, the hole of a figure of eight left out", () => {
    const square = filled(canvas, [
      [9.5, 9.5],
      [19.5, 9.5],
      [19.5, 29.5],
      [9.5, 29.5],
    ]);
    expect(square).toHaveLength(10 * 20);
    expect(square[0]).toBe(10 * 60 + 10);
  });

  it("packs a map so that it comes back as it was, long runs too", () => {
    const labels = new Uint8Array(300 * 300);
    labels.fill(3, 70_000, 70_005);
    labels[89_999] = 18;
    expect(decoded(packed(labels), labels.length)).toEqual(labels);
    expect(() => decoded(packed(labels), labels.length - 1)).toThrow(RangeError);
  });
});
