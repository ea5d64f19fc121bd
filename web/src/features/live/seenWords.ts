/** What is seen, in words: never surer than the model is. */

import type { Quality, Seen, SeenBearing } from "../../api/types";
import { VIEWS } from "./place";

/** From this probability on a view is named without a question mark, and below the second not at all. */
const SURE = 0.8;
const GUESS = 0.4;
const GOOD = 0.7;
const FAIR = 0.4;
const LEAST_LEVEL = 0.15;
/** Likeliest levels below this are no more than a guess. */
const LEAST_KNOWN = 0.3;
const SURE_OF_PLACE = 0.45;
const EDGE = 0.9;

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

/** Return the level with its probability, or the candidates with theirs where it is not sure: never a bare guess. */
export function levelOf(seen: Seen): Named | undefined {
  if (!seen.level) return undefined;
  const { sure, shares } = seen.level;
  const [best] = shares;
  if (sure && best) return { text: `${sure} ${coarse(best.share)}`, sure: true };
  if (!best || best.share < LEAST_KNOWN) return { text: "Level not known", sure: false };
  const likely = shares.filter(({ share }) => share >= LEAST_LEVEL).slice(0, 3);
  const candidates = likely.map(({ level, share }) => `${level} ${coarse(share)}`).join(", ");
  return { text: `Level not sure: ${candidates}`, sure: false };
}

/** Return a probability in words that do not change with every frame: percent in steps of five. */
function coarse(share: number): string {
  return `${Math.min(95, 5 * Math.round(20 * share))} %`;
}

/** Return where the picture lies, as far as that can be told; empty where it cannot. */
export function lieOf(bearing: SeenBearing | null): string {
  if (!bearing || bearing.turn_sure < SURE_OF_PLACE) return "";
  const away = Math.round(bearing.lateral_mm);
  const turn = Math.abs(bearing.turn_deg);
  const parts = [turn < 35 ? "Across the spine" : turn > 55 ? "Along the spine" : "Oblique"];
  parts.push(away < 5 ? "over the midline" : `${away} mm from the midline`);
  if (bearing.phase_sure >= SURE_OF_PLACE && turn < 35) {
    const { phase } = bearing;
    parts.push(phase > 0.25 && phase < 0.75 ? "between two spinous processes" : "at a spinous process");
  }
  return parts.join(", ");
}

/** Return how like its training a picture is, in words. */
export function strangenessOf(strangeness: number): string {
  const number = strangeness.toFixed(1);
  if (strangeness > 1) return `Unlike the pictures that the model knows: ${number}, where 1 is the edge`;
  const word = strangeness > EDGE ? "At the edge of what the model knows" : "Like pictures that the model knows";
  return `${word}: ${number}, where 1 is the edge`;
}

/** Return what speaks against trusting what is named; what is only not named is none of it. */
export function doubtOf(seen: Seen): string {
  if (seen.silent) return "";
  return seen.reasons.find((reason) => !reason.startsWith("not sure")) ?? "";
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
  const view = viewOf(seen);
  const parts = [view && withDoubt(view), levelOf(seen)?.text, doubtOf(seen) && `Doubt: ${doubtOf(seen)}`];
  return [...parts, seen.advice].filter(Boolean).join(". ");
}
