/** What is seen, in words: never surer than the model is. */

import type { Quality, Seen } from "../../api/types";
import { VIEWS } from "./place";

/** From this probability on a view is named without a question mark, and below the second not at all. */
const SURE = 0.8;
const GUESS = 0.4;
const GOOD = 0.7;
const FAIR = 0.4;
const LEAST_LEVEL = 0.15;

export interface Named {
  readonly text: string;
  readonly sure: boolean;
}

/** Return the view; undefined where the model knows none or none is likely. */
export function viewOf(seen: Seen): Named | undefined {
  const [best] = seen.view;
  if (!best || best.share < GUESS || (best.view === "other" && best.share < SURE)) return undefined;
  const sure = best.share >= SURE;
  return { text: best.view === "other" ? "No standard view" : VIEWS[best.view].name, sure };
}

/** Return the level: its name where it is beyond doubt, else the candidates. */
export function levelOf(seen: Seen): Named | undefined {
  if (!seen.level) return undefined;
  if (seen.level.sure) return { text: seen.level.sure, sure: true };
  const likely = seen.level.shares.filter(({ share }) => share >= LEAST_LEVEL).slice(0, 3);
  return likely.length ? { text: likely.map(({ level }) => level).join(" or "), sure: false } : undefined;
}

/** Return a name with a question mark where it is not sure. */
export function withDoubt({ text, sure }: Named): string {
  return sure ? text : `${text}?`;
}

/** Return how good the picture is: a word, bars out of three, and the reason as far as it is no advice. */
export function qualityOf({ score, reasons }: Quality): { word: string; bars: number; reason: string } {
  const reason = reasons[0]?.split(":")[0] ?? "";
  if (score === null) return { word: "unknown", bars: 0, reason };
  if (score >= GOOD) return { word: "good", bars: 3, reason };
  return score >= FAIR ? { word: "fair", bars: 2, reason } : { word: "poor", bars: 1, reason };
}

/** Return one line for those who hear the page: view, level, what is not recognised, and what to do. */
export function spoken(seen: Seen): string {
  if (seen.silent) return "I do not recognise this picture.";
  const parts = [viewOf(seen), levelOf(seen)].filter((one) => one !== undefined).map(withDoubt);
  return [...parts, seen.advice].filter(Boolean).join(". ");
}
