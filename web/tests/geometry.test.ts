import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readCaliper, type CaliperKind, type Point, type Region } from "../src/shared/geometry";

interface Case {
  kind: CaliperKind;
  points: Point[];
  regions: Region[];
  answer: { value?: number; unit?: string; refused?: string };
}

const golden = new URL("../../tests/golden/callipers.json", import.meta.url);
const cases = JSON.parse(readFileSync(golden, "utf-8")) as Case[];

describe("a calliper in the browser", () => {
  it.each(cases.map((one, i) => [i, one] as const))("agrees with the domain in case %i", (_, one) => {
    const reading = readCaliper(one.kind, one.points, one.regions);
    if (one.answer.refused) {
      expect(reading).toMatchObject({ refused: one.answer.refused });
      return;
    }
    expect(reading).toMatchObject({ unit: one.answer.unit });
    const value = "value" in reading ? reading.value : NaN;
    const expected = one.answer.value!;
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
  });
});
