import { describe, expect, it } from "vitest";
import { ASSUMED_HZ, dueAt, scoreOf } from "../src/shared/viewer/clock";
import { adjust, applyTable, AS_STORED, isAsStored, table } from "../src/shared/viewer/levels";
import { fitView, MOST_ZOOM, panBy, scaleOf, toImage, toScreen, zoomAt } from "../src/shared/viewer/view";
import type { Point } from "../src/shared/geometry";

const image = { width: 820, height: 616 };
const box = { width: 900, height: 500 };

describe("the view", () => {
  it("fits the whole picture, pixel edges included", () => {
    const view = fitView(image);
    const [left, top] = toScreen([-0.5, -0.5], view, image, box);
    const [right, bottom] = toScreen([819.5, 615.5], view, image, box);
    expect([top, bottom]).toEqual([0, 500]);
    expect(left + right).toBeCloseTo(900, 9);
  });

  it("leads to the screen and back", () => {
    const view = { zoom: 3.7, cx: 120.25, cy: 300.5 };
    const point: Point = [133.3, 290.1];
    const [x, y] = toImage(toScreen(point, view, image, box), view, image, box);
    expect([x, y]).toEqual([expect.closeTo(133.3, 9), expect.closeTo(290.1, 9)]);
  });

  it("zooms about the point under the pointer", () => {
    let view = zoomAt(fitView(image), 2, [450, 250], image, box);
    const at: Point = [500, 280];
    const before = toImage(at, view, image, box);
    view = zoomAt(view, 1.7, at, image, box);
    const after = toImage(at, view, image, box);
    expect([after[0], after[1]]).toEqual([expect.closeTo(before[0], 9), expect.closeTo(before[1], 9)]);
  });

  it("has limits, and a fitting picture stays in the middle", () => {
    const fit = fitView(image);
    expect(zoomAt(fit, 1e9, [0, 0], image, box).zoom).toBe(MOST_ZOOM);
    expect(zoomAt(fit, 1e-9, [0, 0], image, box)).toEqual(fit);
    expect(panBy(fit, 300, 300, image, box)).toEqual(fit);
    const far = panBy({ zoom: 4, cx: 10, cy: 10 }, 1e6, 1e6, image, box);
    expect([far.cx, far.cy]).toEqual([0, 0]);
  });

  it("never has a scale of nothing, also before the box has a size", () => {
    expect(scaleOf(fitView(image), image, { width: 0, height: 0 })).toBeGreaterThan(0);
  });
});

describe("the clock", () => {
  it("follows the recording's own times, unequal ones too", () => {
    const score = scoreOf([0, 0.1, 0.15, 0.4], 4);
    expect([0, 0.09, 0.1, 0.2, 0.41].map((t) => dueAt(score, t))).toEqual([0, 0, 1, 2, 3]);
  });

  it("goes round and round, after the last frame had its time", () => {
    const score = scoreOf([0, 1, 2, 3], 4);
    expect(score.round_s).toBe(4);
    expect([3.9, 4, 5.5, 4000.5].map((t) => dueAt(score, t))).toEqual([3, 0, 1, 0]);
  });

  it("assumes a rate where times are unknown, broken or all the same", () => {
    for (const times of [[], [0, 1], [0, 2, 1], [5, 5, 5]]) {
      expect(dueAt(scoreOf(times, 3), 1.5 / ASSUMED_HZ)).toBe(1);
    }
    expect(dueAt(scoreOf([], 1), 7)).toBe(0);
  });
});

describe("window and level", () => {
  it("shows pixels as stored, exactly", () => {
    expect([...table(AS_STORED)]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });

  it("spreads the window over the screen's range", () => {
    const shown = table({ level: 100, window: 50 });
    expect([shown[75], shown[100], shown[125], shown[0], shown[255]]).toEqual([0, 128, 255, 0, 255]);
  });

  it("gets brighter and darker, within limits, and back", () => {
    expect(adjust(AS_STORED, 20, 0).level).toBe(107.5);
    expect(adjust(AS_STORED, 0, 1e6).window).toBeGreaterThan(0);
    expect(isAsStored(adjust(adjust(AS_STORED, 20, 30), -20, -30))).toBe(true);
  });

  it("leaves the transparency alone", () => {
    const rgba = Uint8ClampedArray.from([10, 20, 30, 40]);
    applyTable(rgba, table({ level: 20, window: 20 }));
    expect([...rgba]).toEqual([0, 128, 255, 40]);
  });
});
