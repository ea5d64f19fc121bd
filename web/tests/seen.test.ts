import { describe, expect, it } from "vitest";
import { readFrame, unpacked } from "../src/api/live";
import type { FrameHead, Seen, SeenBearing, View } from "../src/api/types";
import { Calm } from "../src/features/live/calm";
import { Legend } from "../src/features/live/legend";
import { LEADABLE, nextLeadable } from "../src/features/live/place";
import type { Screen } from "../src/features/live/scan.svelte";
import {
  doubtOf,
  levelOf,
  lieOf,
  qualityOf,
  spoken,
  strangenessOf,
  viewOf,
  withDoubt,
} from "../src/features/live/seenWords";
import { Sights } from "../src/features/live/sight";
import type { Shape } from "../src/shared/viewer/shapes";

const [COLUMNS, ROWS] = [32, 24];
const nobody: ReadonlySet<string> = new Set();

function seen(change: Partial<Seen> = {}): Seen {
  return {
    method: "test",
    version: "1",
    ms: 5,
    p50_ms: 6,
    p99_ms: 9,
    worst_ms: 12,
    silent: false,
    strangeness: 0.2,
    unsure: [],
    reasons: [],
    surfaces: [],
    map: null,
    landmarks: [],
    view: [],
    level: null,
    quality: { contact: 1, saturated: 0, shadowed: 0, score: 0.9, reasons: [] },
    bearing: null,
    explains: false,
    advice: "",
    move: null,
    ...change,
  };
}

function screen(what: Seen | null, labels?: Uint8Array): Screen {
  return {
    head: { width: 128, height: 96, seen: what } as FrameHead,
    picture: {} as ImageBitmap,
    truth: undefined,
    labels,
  };
}

/** Multifidus on the left, from `first` to `last` column; the rest is nothing. */
function area(first: number, last: number): [Seen, Uint8Array] {
  const labels = new Uint8Array(COLUMNS * ROWS);
  for (let row = 4; row < 20; row++) labels.fill(3, row * COLUMNS + first, row * COLUMNS + last);
  const structures = [{ id: 3, structure: "multifidus", probability: 0.8 }];
  const map = { columns: COLUMNS, rows: ROWS, x_px: 1.5, y_px: 1.5, step_px: 4, size: 0, structures };
  return [seen({ map }), labels];
}

const names = (shapes: readonly Shape[]): { text: string; at: readonly [number, number] }[] =>
  shapes.flatMap((shape) => (shape.kind === "text" ? [{ text: shape.text, at: shape.at }] : []));

describe("a frame with what is seen in it", () => {
  it("is read with its map in runs", () => {
    const runs = Uint8Array.of(0, 2, 0, 3, 1, 0, 18, 3, 0);
    expect([...unpacked(new DataView(runs.buffer), 6)]).toEqual([0, 0, 3, 18, 18, 18]);
    expect(() => unpacked(new DataView(runs.buffer), 7)).toThrow(RangeError);
    const map = { ...area(1, 2)[0].map!, columns: 3, rows: 2, size: 9 };
    const head = JSON.stringify({ width: 2, height: 1, channels: 1, truth: null, seen: seen({ map }) });
    const text = new TextEncoder().encode(head);
    const message = new Uint8Array(4 + text.length + 2 + 9);
    new DataView(message.buffer).setUint32(0, text.length, true);
    message.set(text, 4);
    message.set([7, 8, ...runs], 4 + text.length);
    const frame = readFrame(message.buffer);
    expect([...frame.pixels]).toEqual([7, 8]);
    expect([...frame.labels!]).toEqual([0, 0, 3, 18, 18, 18]);
    expect(() => readFrame(message.slice(0, -1).buffer)).toThrow(RangeError);
  });
});

describe("what is drawn", () => {
  it("tints an area in its structure's colour, where it lies on the picture", () => {
    const [region] = new Sights().draw(screen(...area(4, 28)), nobody);
    expect(region?.kind).toBe("region");
    if (region?.kind !== "region") return;
    expect(region.colour).toBe("#009E73");
    const across = region.loops.flat().map(([x]) => x);
    expect(Math.min(...across)).toBeCloseTo(1.5 + 4 * 3.5, 0);
    expect(Math.max(...across)).toBeCloseTo(1.5 + 4 * 27.5, 0);
  });

  it("names an area once it has lasted, lets the name stay where it stood, and takes it away late", () => {
    const sights = new Sights();
    const shown = Array.from({ length: 8 }, () => names(sights.draw(screen(...area(4, 28)), nobody)));
    expect(shown.slice(0, 2)).toEqual([[], []]);
    expect(shown[2]?.map(({ text }) => text)).toEqual(["Multifidus"]);
    const place = shown[7]![0]!.at;
    for (const shift of [1, 2, 3]) {
      expect(names(sights.draw(screen(...area(4 + shift, 28)), nobody))[0]!.at).toEqual(place);
    }
    const gone = Array.from({ length: 8 }, () => names(sights.draw(screen(seen()), nobody)).length);
    expect(gone).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  });

  it("does not name what flickers", () => {
    const sights = new Sights();
    for (let i = 0; i < 20; i++) {
      const shapes = sights.draw(i % 2 ? screen(seen()) : screen(...area(4, 28)), nobody);
      expect(names(shapes)).toEqual([]);
    }
  });

  it("leaves out what is switched off, and all where it is silent", () => {
    const sights = new Sights();
    for (let i = 0; i < 4; i++) sights.draw(screen(...area(4, 28)), nobody);
    expect(sights.draw(screen(...area(4, 28)), new Set(["multifidus"]))).toEqual([]);
    const [found, labels] = area(4, 28);
    expect(sights.draw(screen({ ...found, silent: true }, labels), nobody)).toEqual([]);
    expect(sights.draw(screen(null), nobody)).toEqual([]);
  });

  it("lets a name follow its line softly, and leave it only when it ends", () => {
    const sights = new Sights();
    const line = (y: number, from = 10, to = 110): Seen =>
      seen({
        surfaces: [
          {
            structure: "lamina",
            lines: [
              [
                [from, y],
                [to, y],
              ],
            ],
            confidence: [0.4],
          },
        ],
      });
    for (let i = 0; i < 4; i++) sights.draw(screen(line(50)), nobody);
    const [stood] = names(sights.draw(screen(line(50)), nobody));
    const [moved] = names(sights.draw(screen(line(60)), nobody));
    expect(moved!.at[0]).toBe(stood!.at[0]);
    expect(moved!.at[1]).toBeCloseTo(stood!.at[1] + 2.5, 3);
    const [left] = names(sights.draw(screen(line(60, 70, 120)), nobody));
    expect(left!.at[0]).toBe(95);
    const [drawn] = sights.draw(screen(line(50)), nobody);
    expect(drawn).toMatchObject({ kind: "line", dashed: true });
  });

  it("leaves out a name that would cover one which stands longer, and not a moment later another", () => {
    const sights = new Sights();
    const at = (structure: string, y: number): Seen["surfaces"][number] => ({
      structure,
      lines: [
        [
          [10, y],
          [110, y],
        ],
      ],
      confidence: [0.9],
    });
    const both = screen(seen({ surfaces: [at("lamina", 50), at("bone", 54)] }));
    for (let i = 0; i < 5; i++) sights.draw(screen(seen({ surfaces: [at("bone", 54)] })), nobody);
    const shown = Array.from({ length: 6 }, () => names(sights.draw(both, nobody, 1)).map(({ text }) => text));
    expect(shown).toEqual(Array.from({ length: 6 }, () => ["Bone"]));
    expect(names(sights.draw(both, nobody, 8))).toHaveLength(2);
  });

  it("marks a landmark with the ellipse of its doubt", () => {
    const landmarks: Seen["landmarks"] = [
      {
        landmark: "facet",
        at_px: [40, 50],
        long_px: 8,
        short_px: 3,
        turn_rad: Math.PI / 2,
        long_mm: 2,
        confidence: 0.9,
      },
    ];
    const shapes = new Sights().draw(screen(seen({ landmarks })), nobody);
    const ellipse = shapes.find((shape) => shape.kind === "line")!;
    const across = ellipse.kind === "line" ? ellipse.points.map(([x]) => x) : [];
    expect(Math.max(...across) - Math.min(...across)).toBeCloseTo(6, 1);
    expect(names(shapes).map(({ text }) => text)).toEqual(["Facet"]);
    expect(new Sights().draw(screen(seen({ landmarks })), new Set(["landmarks"]))).toEqual([]);
  });
});

describe("what is said", () => {
  it("is never surer than the model", () => {
    const view = (share: number): Seen => seen({ view: [{ view: "parasagittal_lamina", share }] });
    expect(withDoubt(viewOf(view(0.9))!)).toBe("Laminae");
    expect(withDoubt(viewOf(view(0.6))!)).toBe("Laminae?");
    expect(viewOf(view(0.3))).toBeUndefined();
    const shares = [
      { level: "L4", share: 0.6 },
      { level: "L3", share: 0.3 },
      { level: "L5", share: 0.1 },
    ];
    const level = (sure: string | null, of = shares): Seen => seen({ level: { shares: of, sure, reason: "" } });
    expect(levelOf(level(null))).toEqual({ text: "Level not sure: L4 60 %, L3 30 %", sure: false });
    expect(levelOf(level("L4"))).toEqual({ text: "L4 60 %", sure: true });
    const anywhere = ["L1", "L2", "L3", "L4", "L5"].map((name) => ({ level: name, share: 0.2 }));
    expect(levelOf(level(null, anywhere))).toEqual({ text: "Level not known", sure: false });
    expect(levelOf(seen())).toBeUndefined();
    expect(spoken({ ...level(null), advice: "Slide 5 mm towards the head." })).toBe(
      "Level not sure: L4 60 %, L3 30 %. Slide 5 mm towards the head.",
    );
  });

  it("says where a picture lies as far as that can be told", () => {
    const lying: SeenBearing = {
      along_mm: 3,
      lateral_mm: 12.3,
      turn_deg: 8,
      turn_sure: 0.9,
      phase: 0.5,
      phase_sure: 0.8,
      tilt_deg: 0,
      rock_deg: 0,
    };
    expect(lieOf(lying)).toBe("Across the spine, 12 mm from the midline, between two spinous processes");
    expect(lieOf({ ...lying, phase: 0.95, lateral_mm: 2 })).toBe(
      "Across the spine, over the midline, at a spinous process",
    );
    expect(lieOf({ ...lying, phase_sure: 0.1, turn_deg: -85 })).toBe("Along the spine, 12 mm from the midline");
    expect(lieOf({ ...lying, turn_sure: 0.2 })).toBe("");
    expect(lieOf(null)).toBe("");
  });

  it("says what speaks against it, and how strange the picture is", () => {
    const reasons = ["not sure: nerve", "two ways of finding bone agree in only 20% of the columns with bone"];
    expect(doubtOf(seen({ reasons }))).toContain("two ways");
    expect(doubtOf(seen({ reasons: reasons.slice(0, 1) }))).toBe("");
    expect(doubtOf(seen({ reasons, silent: true }))).toBe("");
    expect([0.4, 0.95, 1.6].map((one) => strangenessOf(one).split(":")[0])).toEqual([
      "Like pictures that the model knows",
      "At the edge of what the model knows",
      "Unlike the pictures that the model knows",
    ]);
  });

  it("leads to one view after the other, and to none between the last and the first", () => {
    let view: View | undefined;
    const all = LEADABLE.map(() => (view = nextLeadable(view, 1)));
    expect(all).toEqual([...LEADABLE]);
    expect(nextLeadable(view, 1)).toBeUndefined();
    expect(nextLeadable(undefined, -1)).toBe(LEADABLE.at(-1));
  });

  it("tells quality with its reason, and what to do apart from it", () => {
    const quality = { ...seen().quality, score: 0.3, reasons: ["no contact along 70% of the probe: add gel"] };
    expect(qualityOf(quality)).toEqual({ word: "poor", bars: 1, reason: "no contact along 70% of the probe" });
  });

  it("is spoken only when it has held, and not too often", () => {
    const calm = new Calm(500, 3000);
    expect([0, 400, 500].map((at) => calm.tell("a", at))).toEqual(["", "", "a"]);
    expect([600, 700, 1200, 3400, 3600].map((at) => calm.tell("b", at))).toEqual(["a", "a", "a", "a", "b"]);
    expect(calm.tell("c", 9000)).toBe("b");
    expect(calm.tell("d", 9400)).toBe("b");
    expect(calm.tell("d", 9950)).toBe("d");
    expect(spoken(seen({ silent: true }))).toBe("I do not recognise this picture.");
  });

  it("lists structures in one order, for a while after they were seen", () => {
    const legend = new Legend();
    const [found] = area(4, 28);
    const both = { ...found, surfaces: [{ structure: "bone", lines: [], confidence: [0.5, 0.7] }], unsure: ["nerve"] };
    const told = (what: Seen | null, now: number, kept = nobody): string[] =>
      legend.tell(what, kept, now).map(({ structure, probability, unsure }) => `${structure} ${probability} ${unsure}`);
    const all = ["multifidus 0.8 false", "nerve undefined true", "bone 0.6 false"];
    expect(told(both, 0)).toEqual(all);
    expect(told(null, 1000)[0]).toBe("multifidus undefined false");
    expect(told(null, 9000)).toEqual([]);
    expect(told(null, 9000, new Set(["vessel"]))).toEqual(["vessel undefined false"]);
  });
});
