/** Where days and values of a trend lie in its plot, and in which words and shapes a visit stands there. */

import type { Trend, TrendVisit } from "../../api/types";

export const MARGIN = { left: 58, right: 24, top: 46, bottom: 44 } as const;
export const STRIP = 34;
/** Room for half a label on both sides, px; and the least between the middles of two. */
const INSIDE = 44;
const APART = 92;

export interface Scale {
  readonly ticks: readonly number[];
  x(day: string): number;
  y(value: number): number;
}

/** Return the scale of a trend in a plot of that size, or undefined where there is no visit. */
export function scaleOf(trend: Trend, width: number, height: number): Scale | undefined {
  if (!trend.visits.length) return undefined;
  const days = [...trend.visits, ...trend.marks, ...trend.scores].map(({ day }) => Date.parse(day));
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const values = [...trend.visits.flatMap(barOf), ...trend.band.flatMap(({ low, high }) => [low, high])];
  const ticks = roundTicks(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const [left, right] = [MARGIN.left + INSIDE, width - MARGIN.right - INSIDE];
  return {
    ticks,
    x: (day) =>
      first === last ? (left + right) / 2 : left + ((Date.parse(day) - first) / (last - first)) * (right - left),
    y: (value) => MARGIN.top + (1 - (value - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom),
  };
}

/** Return both ends of a visit's error bar. */
export function barOf({ value, spread }: TrendVisit): [number, number] {
  return [value - (spread ?? 0), value + (spread ?? 0)];
}

/** Return round ticks that hold `low` to `high`: steps of 1, 2 or 5 times a power of ten. */
export function roundTicks(low: number, high: number, wanted = 5): number[] {
  const span = Math.max(high - low, 1e-3 * Math.max(Math.abs(low), Math.abs(high), 1));
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = power * [1, 2, 5, 10].find((factor) => power * factor * (1 + 1e-9) >= span / wanted)!;
  const [from, to] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: Math.max(to, from + 1) - from + 1 }, (_, n) =>
    Number(((from + n) * step).toPrecision(12)),
  );
}

/** Return the corners of the grey band; where only one day has one, it spans the plot. */
export function bandPoints(trend: Trend, scale: Scale, width: number): string {
  const { band } = trend;
  if (!band.length) return "";
  if (band.length === 1) {
    const [left, right] = [MARGIN.left, width - MARGIN.right];
    const [high, low] = [scale.y(band[0]!.high), scale.y(band[0]!.low)];
    return `${left},${high} ${right},${high} ${right},${low} ${left},${low}`;
  }
  const upper = band.map(({ day, high }) => `${scale.x(day)},${scale.y(high)}`);
  const lower = band.map(({ day, low }) => `${scale.x(day)},${scale.y(low)}`).reverse();
  return [...upper, ...lower].join(" ");
}

/** Return the outline of a visit: a triangle that points where the value went, a circle where it may have stayed. */
export function shapeOf(visit: TrendVisit, x: number, y: number): string {
  const verdict = visit.since_first?.verdict;
  if (verdict !== "increased" && verdict !== "decreased") return `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z`;
  const up = verdict === "increased" ? 1 : -1;
  return `M${x - 7} ${y + up * 5}h14L${x} ${y - up * 7}Z`;
}

/** Return what is said of a visit in few words. */
export function verdictText(visit: TrendVisit): string {
  if (!visit.since_first) return "first visit";
  const words: Record<string, string> = {
    increased: "changed: more",
    decreased: "changed: less",
    "within measurement error": "within error",
  };
  return words[visit.since_first.verdict] ?? "not judged";
}

/** Return the visits whose day and verdict are written under the axis: the chosen one, and as many as there is room for. */
export function labelled(trend: Trend, scale: Scale, chosen: number): Set<number> {
  const last = trend.visits.length - 1;
  const kept = new Set<number>();
  for (const n of [chosen, last, 0, ...trend.visits.keys()]) {
    const here = trend.visits[n];
    if (here && [...kept].every((m) => Math.abs(scale.x(trend.visits[m]!.day) - scale.x(here.day)) >= APART))
      kept.add(n);
  }
  return kept;
}

/** Return the questionnaires of a trend, each with its scores in order of days. */
export function strips(trend: Trend): { instrument: string; scores: Trend["scores"] }[] {
  const names = [...new Set(trend.scores.map(({ instrument }) => instrument))];
  return names.map((name) => ({ instrument: name, scores: trend.scores.filter((one) => one.instrument === name) }));
}
