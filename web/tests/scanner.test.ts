import { describe, expect, it } from "vitest";
import { readFrame } from "../src/api/live";
import {
  between,
  column,
  faceAt,
  holdOf,
  poseOf,
  possible,
  seat,
  slid,
  wrapped,
  type Hold,
} from "../src/features/live/hold";
import { above, meet, nearest, normalAt, pointAt, type Skin } from "../src/features/live/skin";
import { labelAt, outlines, seats } from "../src/shared/viewer/labelMap";
import { add, cross, dot, minus, scaled, unit, type Vector } from "../src/features/live/vectors";
import { toRgba } from "../src/shared/viewer/greys";

const RADIUS = 300;
const MIDDLE = [20, -30, 0] as const;
const DEGREE = Math.PI / 180;

/** A ball that lies aside of the axis: its surface and its normal are known everywhere. */
const ball: Skin = (() => {
  const [columns, rows] = [121, 81];
  const radii = Float32Array.from({ length: columns * rows }, (_, i) => {
    const [around, z] = [(-90 + 1.5 * (i % columns)) * DEGREE, -160 + 4 * Math.floor(i / columns)];
    const half = MIDDLE[0] * Math.sin(around) + MIDDLE[1] * Math.cos(around);
    return half + Math.sqrt(half ** 2 - MIDDLE[0] ** 2 - MIDDLE[1] ** 2 + RADIUS ** 2 - z * z);
  });
  return { axis: [0, 0], around0: -90, aroundStep: 1.5, z0: -160, zStep: 4, columns, rows, radii };
})();

const upright: Hold = { around: 0, z: 0, press: 0, turn: 0, tilt: 0, rock: 0 };
const SPOTS = [
  [1.3, 2.9],
  [-77.7, 41.1],
  [55.5, -99.9],
] as const;

const out = (point: Vector): Vector => unit(minus(point, MIDDLE));

describe("the skin", () => {
  it("lies between its knots where the body is, and faces out of it", () => {
    for (const spot of SPOTS) {
      const point = pointAt(ball, spot);
      expect(Math.hypot(...minus(point, MIDDLE))).toBeCloseTo(RADIUS, 2);
      normalAt(ball, spot).forEach((value, i) => expect(value).toBeCloseTo(out(point)[i]!, 3));
    }
  });

  it("is met by a line of sight where the body is", () => {
    for (const spot of SPOTS) {
      const there = pointAt(ball, spot);
      const eye = add(there, add(scaled(out(there), 500), [30, 0, -40]));
      const met = meet(ball, eye, unit(minus(there, eye)))!;
      expect(Math.hypot(...minus(met, there))).toBeLessThan(0.1);
    }
    expect(meet(ball, [0, 900, 0], unit([1, -1, 0]))).toBeUndefined();
    expect(meet(ball, [0, 900, 0], [0, 1, 0])).toBeUndefined();
  });

  it("is found straight above a place, and nearest to a point behind it", () => {
    for (const x of [-150, 0, 90]) expect(pointAt(ball, above(ball, x, 20))[0]).toBeCloseTo(x, 3);
    const point = pointAt(ball, SPOTS[1]);
    const { spot, behind } = nearest(ball, add(point, scaled(out(point), -7)));
    expect(behind).toBeCloseTo(7, 2);
    expect(spot[0]).toBeCloseTo(SPOTS[1][0], 2);
  });
});

describe("a held probe", () => {
  it("stands on the skin, upright, with the patient's left at the left of the picture", () => {
    const hold = { ...upright, around: above(ball, MIDDLE[0], 0)[0] };
    const pose = poseOf(ball, hold);
    expect(column(pose, 3)[1]).toBeCloseTo(MIDDLE[1] + RADIUS, 2);
    expect(column(pose, 0)[0]).toBeCloseTo(-1, 4);
    expect(column(pose, 1)[1]).toBeCloseTo(-1, 4);
    expect(column(pose, 2)[2]).toBeCloseTo(1, 4);
  });

  it("has the head at the left when it is turned along the spine", () => {
    expect(column(poseOf(ball, { ...upright, turn: 90 }), 0)[2]).toBeCloseTo(-1, 4);
  });

  it("goes deeper into the body when it is pressed", () => {
    const origin = column(poseOf(ball, { ...upright, around: -60, press: 5 }), 3);
    expect(Math.hypot(...minus(origin, MIDDLE))).toBeCloseTo(RADIUS - 5, 2);
  });

  it.each([
    upright,
    { around: 31, z: -70, press: 3, turn: 72, tilt: -18, rock: 9 },
    { around: -81, z: 55, press: -2, turn: -170, tilt: 40, rock: -30 },
    { around: 60, z: 120, press: 8, turn: 179, tilt: 55, rock: 40 },
  ])("is read back from its pose: %o", (hold) => {
    const again = holdOf(ball, poseOf(ball, hold));
    for (const key of ["around", "z", "press", "turn", "tilt", "rock"] as const) {
      expect(again[key], key).toBeCloseTo(hold[key], 2);
    }
  });

  it("has axes at right angles, right-handed", () => {
    const pose = poseOf(ball, { around: 31, z: -70, press: 3, turn: 72, tilt: -18, rock: 9 });
    const [x, y, z] = [0, 1, 2].map((i) => column(pose, i)) as [never, never, never];
    expect(dot(x, y)).toBeCloseTo(0, 9);
    cross(x, y).forEach((value, i) => expect(value).toBeCloseTo(z[i]!, 9));
  });

  it("slides as far over the skin as it is told, on the back as on the flank, and no farther than the skin", () => {
    for (const around of [-80, 0, 50]) {
      const start = { ...upright, around };
      const [from, aside, along] = [start, slid(ball, start, -10, 0), slid(ball, start, 0, 10)].map(({ around, z }) =>
        pointAt(ball, [around, z]),
      ) as [Vector, Vector, Vector];
      expect(Math.hypot(...minus(aside, from))).toBeCloseTo(10, 0);
      expect(Math.hypot(...minus(along, from))).toBeCloseTo(10, 0);
    }
    const far = slid(ball, upright, -1e4, 1e4);
    expect(far.z).toBe(152);
    expect(far.around).toBeLessThan(90);
    expect(far.around).toBeGreaterThan(86);
  });

  it("is pressed until most of its face touches, more on a curved one than on a flat one", () => {
    const convex = { width_mm: 66, radius_mm: 60 };
    const [curved, flat] = [convex, { width_mm: 50, radius_mm: null }].map((face) => seat(ball, upright, face));
    expect(curved).toBeGreaterThan(5);
    expect(flat).toBeLessThan(curved!);
    const pose = poseOf(ball, { ...upright, press: curved! });
    for (const share of [-0.7, 0, 0.7]) {
      const [x, y] = faceAt(convex, share);
      const point = add(column(pose, 3), add(scaled(column(pose, 0), x), scaled(column(pose, 1), y)));
      expect(Math.hypot(...minus(point, MIDDLE))).toBeLessThan(RADIUS);
    }
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
