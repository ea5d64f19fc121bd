import { describe, expect, it } from "vitest";
import { readFrame } from "../src/api/live";
import { between, column, holdOf, poseOf, possible, slid, wrapped, type Hold } from "../src/features/live/hold";
import { heightAt, meet, normalAt, type HeightMap } from "../src/features/live/skin";
import { labelAt, outlines, seats } from "../src/features/live/truth";
import { cross, dot, minus, unit } from "../src/features/live/vectors";
import { toRgba } from "../src/shared/viewer/greys";

const RADIUS = 300;
const STEP = 4;

/** The top of a ball: its height and its normal are known everywhere. */
const ball: HeightMap = (() => {
  const [columns, rows] = [61, 81];
  const heights = Float32Array.from({ length: columns * rows }, (_, i) => {
    const [x, z] = [-120 + STEP * (i % columns), -160 + STEP * Math.floor(i / columns)];
    return Math.sqrt(RADIUS ** 2 - x * x - z * z);
  });
  return { x0: -120, z0: -160, step: STEP, columns, rows, heights };
})();

const upright: Hold = { x: 0, z: 0, press: 0, turn: 0, tilt: 0, rock: 0 };

describe("the skin", () => {
  it("lies between its knots where the body is", () => {
    for (const [x, z] of [
      [1.3, 2.9],
      [-77.7, 41.1],
      [55.5, -99.9],
    ] as const) {
      expect(heightAt(ball, x, z)).toBeCloseTo(Math.sqrt(RADIUS ** 2 - x * x - z * z), 2);
      const truth = [x, heightAt(ball, x, z), z].map((value) => value / RADIUS);
      normalAt(ball, x, z).forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 3));
    }
  });

  it("is met by a line of sight where the body is", () => {
    for (const [x, z] of [
      [0, 0],
      [70, -90],
      [-110, 150],
    ] as const) {
      const eye = [150, 900, -500] as const;
      const there = [x, heightAt(ball, x, z), z] as const;
      const met = meet(ball, eye, unit(minus(there, eye)))!;
      expect(Math.hypot(...minus(met, there))).toBeLessThan(0.05);
    }
    expect(meet(ball, [0, 900, 0], unit([1, -1, 0]))).toBeUndefined();
    expect(meet(ball, [0, 900, 0], [0, 1, 0])).toBeUndefined();
  });

  it("goes on as at its edge", () => expect(heightAt(ball, 500, 0)).toBeCloseTo(heightAt(ball, 120, 0), 6));
});

describe("a held probe", () => {
  it("stands on the skin, upright, with the patient's left at the left of the picture", () => {
    const pose = poseOf(ball, upright);
    expect(column(pose, 3)).toEqual([expect.closeTo(0, 6), expect.closeTo(RADIUS, 3), expect.closeTo(0, 6)]);
    expect(column(pose, 0)[0]).toBeCloseTo(-1, 6);
    expect(column(pose, 1)[1]).toBeCloseTo(-1, 6);
    expect(column(pose, 2)[2]).toBeCloseTo(1, 6);
  });

  it("has the head at the left when it is turned along the spine", () => {
    expect(column(poseOf(ball, { ...upright, turn: 90 }), 0)[2]).toBeCloseTo(-1, 6);
  });

  it("goes deeper into the body when it is pressed", () => {
    expect(column(poseOf(ball, { ...upright, press: 5 }), 3)[1]).toBeCloseTo(RADIUS - 5, 3);
  });

  it.each([
    upright,
    { x: 31, z: -70, press: 3, turn: 72, tilt: -18, rock: 9 },
    { x: -88, z: 55, press: -2, turn: -170, tilt: 40, rock: -30 },
    { x: 60, z: 120, press: 8, turn: 179, tilt: 55, rock: 40 },
  ])("is read back from its pose: %o", (hold) => {
    const again = holdOf(ball, poseOf(ball, hold));
    for (const key of ["x", "z", "press", "turn", "tilt", "rock"] as const) {
      expect(again[key], key).toBeCloseTo(hold[key], 3);
    }
  });

  it("has axes at right angles, right-handed", () => {
    const pose = poseOf(ball, { x: 31, z: -70, press: 3, turn: 72, tilt: -18, rock: 9 });
    const [x, y, z] = [0, 1, 2].map((i) => column(pose, i)) as [never, never, never];
    expect(dot(x, y)).toBeCloseTo(0, 9);
    cross(x, y).forEach((value, i) => expect(value).toBeCloseTo(z[i]!, 9));
  });

  it("slides as far over the skin as it is told, and no farther than the skin", () => {
    const start = { ...upright, x: -80 };
    const moved = slid(ball, start, -10, 0);
    const way = Math.hypot(moved.x - start.x, heightAt(ball, moved.x, 0) - heightAt(ball, start.x, 0));
    expect(way).toBeCloseTo(10, 0);
    expect(moved.x).toBeGreaterThan(start.x);
    expect(slid(ball, start, 1e4, 1e4)).toMatchObject({ x: -112, z: 152 });
  });

  it("is never held as nobody can hold it", () => {
    expect(possible(ball, { ...upright, tilt: 200, rock: -200, turn: 270, press: 99 })).toMatchObject({
      tilt: 60,
      rock: -45,
      turn: -90,
      press: 15,
    });
  });

  it("goes the shorter way round", () => {
    expect(between({ ...upright, turn: 170 }, { ...upright, turn: -170 }, 0.5).turn).toBeCloseTo(180, 9);
    expect([wrapped(180), wrapped(-180), wrapped(540), wrapped(-190)]).toEqual([180, 180, 180, 170]);
  });
});

describe("what the truth shows", () => {
  const [width, height] = [40, 30];
  const labels = new Uint8Array(width * height);
  for (let row = 5; row < 15; row++) labels.fill(3, row * width + 10, row * width + 30);
  for (let row = 8; row < 11; row++) labels.fill(8, row * width + 12, row * width + 18);

  it("is outlined, hole and all", () => {
    const found = new Map(outlines(labels, width, height, 4).map(({ id, loops }) => [id, loops]));
    expect([...found.keys()].sort()).toEqual([3, 8]);
    expect(found.get(3)).toHaveLength(2);
    const xs = found.get(3)!.flatMap((loop) => loop.map(([x]) => x));
    expect(Math.min(...xs)).toBeGreaterThan(9.4);
    expect(Math.max(...xs)).toBeLessThan(29.6);
    expect(Math.max(...xs)).toBeGreaterThan(29);
  });

  it("leaves crumbs out", () => {
    const crumbs = new Uint8Array(16);
    crumbs[5] = 7;
    expect(outlines(crumbs, 4, 4, 8)[0]!.loops).toEqual([]);
  });

  it("is named where there is room, and the name stays there", () => {
    const [seat] = seats(labels, width, height, []).filter(({ id }) => id === 3);
    expect(labelAt(labels, width, height, seat!.at)).toBe(3);
    expect(seat!.room).toBeGreaterThan(4);
    const shifted = labels.slice();
    shifted.fill(0, 14 * width, 15 * width);
    expect(seats(shifted, width, height, [seat!]).find(({ id }) => id === 3)!.at).toEqual(seat!.at);
  });

  it("knows nothing outside", () => expect(labelAt(labels, width, height, [-3, 7])).toBe(0));
});

describe("a frame from the socket", () => {
  const head = { index: 7, width: 3, height: 2, channels: 1, truth: null };

  function packed(said: object, size: number): ArrayBuffer {
    const text = new TextEncoder().encode(JSON.stringify(said));
    const message = new Uint8Array(4 + text.length + size);
    new DataView(message.buffer).setUint32(0, text.length, true);
    message.set(text, 4);
    message.set(
      Uint8Array.from({ length: size }, (_, i) => i),
      4 + text.length,
    );
    return message.buffer;
  }

  it("is read whole", () => {
    const frame = readFrame(packed({ ...head, truth: { width: 2, height: 1, structures: {} } }, 8));
    expect(frame.head.index).toBe(7);
    expect([...frame.pixels]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...frame.truth!]).toEqual([6, 7]);
  });

  it("is refused when it is cut off or too long", () => {
    for (const size of [5, 7]) expect(() => readFrame(packed(head, size))).toThrow(RangeError);
    expect(() => readFrame(new ArrayBuffer(2))).toThrow(RangeError);
    expect(() => readFrame(packed(head, 6).slice(0, 20))).toThrow(RangeError);
  });

  it("becomes opaque grey, or colour", () => {
    const out = new Uint32Array(2);
    toRgba(Uint8Array.of(0, 200), 1, out);
    expect([...out]).toEqual([0xff000000, 0xffc8c8c8]);
    toRgba(Uint8Array.of(1, 2, 3, 255, 0, 0), 3, out);
    expect([...out]).toEqual([0xff030201, 0xff0000ff]);
  });
});
