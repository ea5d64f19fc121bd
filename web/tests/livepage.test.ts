import { describe, expect, it } from "vitest";
import type { Landmark } from "../src/api/types";
import { poseOf, type Hold } from "../src/features/live/hold";
import { at, everywhere, SCALES, somebody } from "../src/features/live/person";
import { describe as words, directionOf, edgesOf, levelAt } from "../src/features/live/place";
import type { Skin } from "../src/features/live/skin";
import { bodyRadius, clothOf, couchOf, reliefOf, torsoOf } from "../src/features/live/torso/body";
import { Orbit } from "../src/features/live/torso/orbit";

/** A tube of 130 mm. */
const tube: Skin = {
  axis: [0, -50],
  around0: -90,
  aroundStep: 2,
  z0: -100,
  zStep: 10,
  columns: 91,
  rows: 21,
  radii: new Float32Array(91 * 21).fill(130),
};
const upright: Hold = { around: 0, z: 0, press: 2, turn: 0, tilt: 0, rock: 0 };
const aside = (x: number): number => (Math.asin(x / 130) * 180) / Math.PI;
const tips: Landmark[] = ["L1", "L2", "L3"].map((level, i) => ({
  kind: "spinous_tip",
  level,
  side: "midline",
  point_mm: [0, 60, 40 - 40 * i],
}));

describe("where the probe is", () => {
  it("is told by level, side and direction", () => {
    const told = (hold: Partial<Hold>): string => {
      const held = { ...upright, ...hold };
      return words(held, poseOf(tube, held), tips);
    };
    expect(told({})).toBe("L2 · midline · transverse");
    expect(told({ around: aside(22), z: 41, turn: 90 })).toBe("L1 · 22 mm left · longitudinal");
    expect(told({ around: aside(-15), z: 20, turn: 45, tilt: 12 })).toBe("L1/L2 · 15 mm right · oblique · tilt 12°");
  });

  it("has a level only where there are landmarks", () => {
    expect(levelAt(0, [])).toBe("");
    expect(levelAt(-1000, tips)).toBe("L3");
  });

  it("says what lies at the edges of the picture", () => {
    expect(edgesOf(poseOf(tube, upright))).toEqual(["Left", "Right"]);
    expect(edgesOf(poseOf(tube, { ...upright, turn: 90 }))).toEqual(["Head", "Feet"]);
    expect(edgesOf(poseOf(tube, { ...upright, turn: 180 }))).toEqual(["Right", "Left"]);
    expect(directionOf([0.8, 0, 0.6])).toBe("Left, head");
  });
});

describe("a virtual person", () => {
  it("at random is somebody whom the server takes", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let i = 0; i < 300; i++) {
      const person = somebody(random);
      for (const [key, { least, most }] of Object.entries(SCALES)) {
        const values = [person[key as keyof typeof SCALES]].flat(2);
        expect(Math.min(...values), key).toBeGreaterThanOrEqual(least);
        expect(Math.max(...values), key).toBeLessThanOrEqual(most);
      }
      expect(Number.isInteger(person.seed) && person.seed >= 0 && person.seed < 2 ** 32).toBe(true);
    }
  });

  it("is changed where it is meant, and nowhere else", () => {
    const before = somebody(() => 0.5).multifidus_fat;
    const after = everywhere(before, { level: 3, side: "right" }, 0.5);
    expect(after[3]).toEqual([before[3]![0], 0.5]);
    expect(after.filter((_, level) => level !== 3)).toEqual(before.filter((_, level) => level !== 3));
    expect(at(after, { level: 3, side: "right" })).toBe(0.5);
    expect(
      at(everywhere(before, { level: undefined, side: "both" }, 0.2), { level: undefined, side: "both" }),
    ).toBeCloseTo(0.2);
  });
});

describe("the body around the skin", () => {
  const torso = torsoOf(tube);

  it("is the skin where the skin is known", () => {
    expect(bodyRadius(tube, 12, -30)).toBeCloseTo(130, 5);
    let known = 0;
    for (let i = 0; i < torso.points.length; i += 3) {
      const [x, y, z] = [torso.points[i]!, torso.points[i + 1]! + 50, torso.points[i + 2]!];
      if (Math.abs(z) > 100 || y < 0) continue;
      expect(Math.hypot(x, y)).toBeCloseTo(130, 3);
      known++;
    }
    expect(known).toBeGreaterThan(2000);
  });

  it("lies on the couch, and has no holes", () => {
    const heights = torso.points.filter((_, i) => i % 3 === 1);
    expect(heights.every(Number.isFinite)).toBe(true);
    expect(Math.min(...heights)).toBeCloseTo(couchOf(tube), 3);
    expect(Math.max(...torso.triangles)).toBe(torso.points.length / 3 - 1);
  });

  it("is covered over the hips and the shoulders, and nowhere where it can be scanned", () => {
    const reach = (over: "hips" | "shoulders"): Float32Array =>
      clothOf(tube, over).points.filter((_, i) => i % 3 === 2);
    expect(Math.max(...reach("hips"))).toBeLessThan(-100);
    expect(Math.min(...reach("shoulders"))).toBeGreaterThan(100);
  });

  it("tears bones apart where they jump, and leaves gaps where there are none", () => {
    const heights = Float32Array.of(0, 0, 0, 0, 50, 0, 0, 0, NaN);
    const { triangles } = reliefOf({ x0: 0, z0: 0, step: 2, columns: 3, rows: 3, heights });
    expect([...triangles].some((corner) => corner === 4 || corner === 8)).toBe(false);
  });
});

describe("the eye", () => {
  it("stays above the couch and sees the whole back in any shape of window", () => {
    const orbit = new Orbit([0, 90, 0]);
    for (const aspect of [0.4, 1, 2.5]) {
      orbit.drag(1e4, -1e4);
      const [from, at] = orbit.seen(aspect);
      expect(from[1]).toBeGreaterThan(at[1]);
      expect(Math.hypot(from[0], from[1] - 90, from[2])).toBeGreaterThan(300);
    }
  });
});
