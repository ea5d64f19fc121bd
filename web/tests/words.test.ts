import { describe, expect, it } from "vitest";
import { routeOf } from "../src/app/routes";
import { deedsOf } from "../src/features/exam/history";
import type { Change, ExamDetail } from "../src/api/types";
import { count, doubtText, restText, sizeText, unitText, valueText, words } from "../src/shared/format";

describe("numbers", () => {
  it.each([
    [31.44, 0.83, "31.4 ± 0.8"],
    [31.44, 0.05, "31.44 ± 0.05"],
    [31.44, 12.3, "31.4 ± 12.3"],
    [31.44, null, "31.4 "],
    [31.44, 0, "31.4 "],
    [null, null, "– "],
  ])("%s with doubt %s is %s", (value, doubt, text) => {
    expect(`${valueText(value, doubt)} ${doubtText(doubt)}`).toBe(text);
  });

  it("have units, amounts and sizes in words", () => {
    expect([unitText("mm2"), unitText("deg"), unitText("furlong")]).toEqual(["mm²", "°", "furlong"]);
    expect([count(1, "frame"), count(2000, "frame"), count(2, "entry", "entries")]).toEqual([
      "1 frame",
      "2,000 frames",
      "2 entries",
    ]);
    expect([sizeText(12), sizeText(12_345), sizeText(12_345_678)]).toEqual(["12 B", "12 kB", "12.3 MB"]);
    expect([restText(null), restText(0.2), restText(300)]).toEqual(["", "about 1 s left", "about 5 min left"]);
    expect(words("erector_spinae")).toBe("Erector spinae");
  });
});

describe("addresses", () => {
  it.each([
    ["/", { page: "home" }],
    ["/exams", { page: "exams" }],
    ["/exams/", { page: "exams" }],
    ["/exams/a%20b", { page: "exam", id: "a b" }],
    ["/exams/%E0%A4%A", { page: "exam", id: "%E0%A4%A" }],
    ["/exams/7/report", { page: "report", id: "7" }],
    ["/exams/7/other", { page: "nowhere" }],
    ["/exams/7/report/8", { page: "nowhere" }],
    ["/clinic", { page: "nowhere" }],
  ])("%s", (path, route) => expect(routeOf(path)).toEqual(route));
});

describe("the history", () => {
  const finding = { id: "f1", title: "Length" };
  const change = (part: Partial<Change>): Change => ({
    at: "2026-01-01T10:00:00Z",
    who: "Reader One",
    action: "edit",
    target: "measurement:f1",
    before: "",
    after: "",
    reason: "",
    ...part,
  });
  const value = (value: number, revision: number): string =>
    JSON.stringify({ measurement: { value, unit: "mm", uncertainty: null }, revision });
  const exam = (history: Change[]): ExamDetail =>
    ({ findings: [finding], recordings: [], history }) as unknown as ExamDetail;

  it("says what a value was and became, newest first", () => {
    const deeds = deedsOf(
      exam([
        change({ action: "create", target: "exam" }),
        change({ before: value(1, 1), after: value(2, 2), reason: "By hand" }),
      ]),
    );
    expect(deeds.map(({ what }) => what)).toEqual(["Edited", "Opened"]);
    expect(deeds[0]).toMatchObject({ lines: ["Length: 1.0 mm → 2.0 mm"], reason: "By hand" });
  });

  it("makes one deed of what one change wrote", () => {
    const line = { action: "accept all", after: value(1, 5) };
    expect(deedsOf(exam([change(line), change(line), change({ ...line, after: value(1, 6) })]))).toHaveLength(2);
  });

  it("survives text that is no JSON, and things that are gone", () => {
    const deeds = deedsOf(
      exam([change({ before: "{", after: "no", target: "measurement:gone" }), change({ target: "contour:r/4" })]),
    );
    expect(deeds.flatMap(({ lines }) => lines)).toEqual(["frame 5", "A finding"]);
  });
});
