/** The motion view: colours even to the eye, bytes of the grid, and where frames lie along a strip. */

import { describe, expect, it } from "vitest";
import { Grid, roundUp } from "../src/features/motion/grid";
import { colourAt, distance, labOf, MAPS } from "../src/features/motion/maps";
import { frameAt, nearestFrame, pathOf, rangeOf, ticksOf, xOf } from "../src/features/motion/timeline";

describe("colours of displacement", () => {
  it.each(["far", "ways"] as const)("are even to the eye: %s", (name) => {
    const places = Array.from({ length: 33 }, (_, i) => labOf(colourAt(MAPS[name], i / 32)));
    const steps = places.slice(1).map((one, i) => distance(one, places[i]!));
    const mean = steps.reduce((a, b) => a + b) / steps.length;
    for (const step of steps) expect(Math.abs(step / mean - 1)).toBeLessThan(0.2);
  });

  it("can be told by lightness alone", () => {
    const light = Array.from({ length: 33 }, (_, i) => labOf(colourAt(MAPS.far, i / 32))[0]);
    for (let i = 1; i < light.length; i++) expect(light[i]!).toBeGreaterThan(light[i - 1]!);
    expect(labOf(colourAt(MAPS.ways, 0.5))[0]).toBeLessThan(labOf(colourAt(MAPS.ways, 0))[0]);
    expect(labOf(colourAt(MAPS.ways, 0.5))[0]).toBeLessThan(labOf(colourAt(MAPS.ways, 1))[0]);
  });
});

describe("the grid", () => {
  const shorts = [0, 0, 0, 0, 300, -400, -32768, -32768];
  const bytes = new Uint8Array(new Int16Array(shorts).buffer);
  const points: [number, number][] = [
    [10, 10],
    [20, 10],
  ];
  const displacement = btoa(String.fromCharCode(...bytes));
  const grid = new Grid(
    { rows: 1, columns: 2, points, unit_px: 0.01, lost: -32768, n_frames: 2, displacement },
    [0.1, 0.2],
  );

  it("tells displacement in millimetres, and what was lost", () => {
    expect(grid.at(0, 0, "magnitude")).toBe(0);
    expect(grid.at(1, 0, "lateral")).toBeCloseTo(0.3);
    expect(grid.at(1, 0, "axial")).toBeCloseTo(-0.8);
    expect(grid.at(1, 0, "magnitude")).toBeCloseTo(Math.hypot(0.3, 0.8));
    expect(grid.at(1, 1, "magnitude")).toBeNaN();
  });

  it("ends its legend with a round number", () => {
    expect([0, 0.11, 0.9, 1, 1.01, 37].map(roundUp)).toEqual([0.1, 0.2, 1, 1, 2, 50]);
  });
});

describe("along time", () => {
  it("places frames and finds them again", () => {
    for (const frame of [0, 7, 59]) expect(frameAt(xOf(frame, 60, 500), 60, 500)).toBe(frame);
    expect(frameAt(-100, 60, 500)).toBe(0);
    expect(frameAt(900, 60, 500)).toBe(59);
    expect(nearestFrame([0, 0.1, 0.4], 0.3)).toBe(2);
  });

  it("breaks a curve where it is not known", () => {
    const path = pathOf(
      [1, 2, null, 3],
      (n) => n,
      (value) => value,
    );
    expect(path).toBe("M0.0 1.0L1.0 2.0M3.0 3.0");
    expect(ticksOf([10.9, 12.6])).toEqual([11, 11.5, 12, 12.5]);
    expect(rangeOf([null])).toEqual([0, 1]);
    expect(rangeOf([5])[0]).toBeLessThan(5);
  });
});
