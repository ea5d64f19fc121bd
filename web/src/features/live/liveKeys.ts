/** What the keyboard does on the live page: everything that a hand can do. */

import type { Shortcut } from "../../shared/keys.svelte";
import { nextLeadable } from "./place";
import type { Scan } from "./scan.svelte";
import type { Wishes } from "./wishes.svelte";

const SLIDE_MM = 2;
const TURN_DEG = 3;
const TILT_DEG = 1.5;
const PRESS_MM = 0.5;

/** What the page itself can do. */
export interface Page {
  readonly scan: Scan;
  readonly wishes: Wishes;
  toggleGlass(): void;
  somebodyElse(): void;
}

const ARROWS: readonly (readonly [string, number, number, string])[] = [
  ["ArrowLeft", -1, 0, "to the left"],
  ["ArrowRight", 1, 0, "to the right"],
  ["ArrowUp", 0, 1, "to the head"],
  ["ArrowDown", 0, -1, "to the feet"],
];

/** Return the keys of the virtual scanner. */
export function scannerKeys(page: Page): readonly Shortcut[] {
  return [...probeKeys(page), ...imageKeys(page), ...viewKeys(page)];
}

/** Return the keys that every source has. */
export function sourceKeys({ scan }: Page): readonly Shortcut[] {
  const key = keysOf("Picture");
  return [
    key(["f", " "], "Freeze, and live again", () => scan.freeze()),
    key(["s"], "Show what is seen, or the bare picture", () => scan.see(!scan.seeing)),
    key(["w"], "Lead me to the next view", () => scan.want(nextLeadable(scan.wanted, 1))),
    key(["W"], "Lead me to the view before", () => scan.want(nextLeadable(scan.wanted, -1))),
    key(["y"], "Why is it called so? Of the next thing in the picture", () => scan.askNext(1)),
    key(["Y"], "Why is it called so? Of the one before", () => scan.askNext(-1)),
    key(["Escape"], "Close the reasons", () => (scan.asked ? scan.askWhy(undefined) : false)),
    key(["r"], "Record, and end the recording", () => scan.record()),
    key(["k"], "Keep the last 10 seconds", () => scan.keepLast()),
  ];
}

function probeKeys({ scan }: Page): readonly Shortcut[] {
  const key = keysOf("Probe");
  return [
    ...ARROWS.map(([name, across, along, where]) =>
      key([name], `Slide ${where}`, () => scan.slide(across * SLIDE_MM, along * SLIDE_MM)),
    ),
    key(["Shift+ArrowLeft"], "Turn to the left", () => scan.turnBy(-TURN_DEG)),
    key(["Shift+ArrowRight"], "Turn to the right", () => scan.turnBy(TURN_DEG)),
    key(["Shift+ArrowUp"], "Tilt: look more to one side of the plane", () => scan.turnBy(0, TILT_DEG)),
    key(["Shift+ArrowDown"], "Tilt: look more to its other side", () => scan.turnBy(0, -TILT_DEG)),
    key([","], "Rock: left end deeper", () => scan.turnBy(0, 0, -TILT_DEG)),
    key(["."], "Rock: right end deeper", () => scan.turnBy(0, 0, TILT_DEG)),
    key(["p"], "Press more", () => scan.move({ press: (scan.hold?.press ?? 0) + PRESS_MM })),
    key(["P"], "Press less", () => scan.move({ press: (scan.hold?.press ?? 0) - PRESS_MM })),
    key(["u"], "Hold it upright", () => scan.move({ tilt: 0, rock: 0 })),
  ];
}

function imageKeys({ scan, toggleGlass, somebodyElse }: Page): readonly Shortcut[] {
  const key = keysOf("Picture");
  return [
    key(["+", "="], "More depth", () => scan.step("depth_mm", 1)),
    key(["-"], "Less depth", () => scan.step("depth_mm", -1)),
    key(["g"], "More gain", () => scan.step("gain_db", 1)),
    key(["G"], "Less gain", () => scan.step("gain_db", -1)),
    key(["o"], "Focus deeper", () => scan.step("focus_mm", 1)),
    key(["O"], "Focus shallower", () => scan.step("focus_mm", -1)),
    key(["m"], "Other machine", () => scan.nextMachine()),
    key(["t"], "What am I seeing? Names of all structures", () => scan.tell(!scan.truth)),
    key(["b"], "See the bones through the skin", toggleGlass),
    key(["n"], "Another person", somebodyElse),
  ];
}

function viewKeys({ wishes }: Page): readonly Shortcut[] {
  const key = keysOf("Standard views");
  return [
    ...wishes.views.slice(0, 10).map((view, place) => {
      const name = view.replaceAll("_", " ");
      return key([String((place + 1) % 10)], name.charAt(0).toUpperCase() + name.slice(1), () => wishes.ask(view));
    }),
    key(["["], "One level up", () => wishes.stepLevel(-1)),
    key(["]"], "One level down", () => wishes.stepLevel(1)),
    key(["x"], "Other side", () => wishes.toSide(wishes.side === "left" ? "right" : "left")),
  ];
}

function keysOf(group: string): (keys: string[], label: string, run: () => boolean | void) => Shortcut {
  return (keys, label, run) => ({ keys, label, group, run });
}
