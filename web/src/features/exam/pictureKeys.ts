/** What the keyboard does to the picture, and to what is in hand over it. */

import type { CaliperKind } from "../../shared/geometry";
import type { Shortcut } from "../../shared/keys.svelte";
import type { Player } from "../../shared/viewer/player.svelte";
import type { Hand } from "./hand.svelte";

const ZOOM_STEP = 1.25;
const PAN_STEP_PX = 60;
const GREY_STEP = 12;
const FAR_FRAMES = 10;
const FAR_PX = 10;

const ARROWS: readonly (readonly [string, number, number])[] = [
  ["ArrowLeft", -1, 0],
  ["ArrowRight", 1, 0],
  ["ArrowUp", 0, -1],
  ["ArrowDown", 0, 1],
];

/** What can be done to the picture. */
export interface Looking {
  readonly player: Player;
  space(event: KeyboardEvent): void;
  zoom(factor: number): void;
  pan(dx: number, dy: number): void;
  fit(): void;
  light(brighter: number, contrast: number): void;
  asStored(): void;
  toggleOverlays(): void;
  measure(kind: CaliperKind): void;
  editContour(): boolean;
  paint(): boolean;
}

/** Return the keys for looking at the picture. */
export function lookingKeys(look: Looking): readonly Shortcut[] {
  const key = (keys: string[], label: string, run: Shortcut["run"]): Shortcut => ({
    keys,
    label,
    group: "Picture",
    run,
  });
  const { player } = look;
  return [
    key([" "], "Play and pause; held: drag the picture", (event) => look.space(event)),
    key(["ArrowLeft", ","], "Previous frame", () => player.step(-1)),
    key(["ArrowRight", "."], "Next frame", () => player.step(1)),
    key(["PageUp"], "Ten frames back", () => player.step(-FAR_FRAMES)),
    key(["PageDown"], "Ten frames on", () => player.step(FAR_FRAMES)),
    key(["Home"], "First frame", () => player.step(-Infinity)),
    key(["End"], "Last frame", () => player.step(Infinity)),
    key(["+", "="], "Zoom in", () => look.zoom(ZOOM_STEP)),
    key(["-"], "Zoom out", () => look.zoom(1 / ZOOM_STEP)),
    key(["0", "f"], "Fit the picture", () => look.fit()),
    ...ARROWS.map(([name, dx, dy]) =>
      key([`Shift+${name}`], "Move the picture", () => look.pan(-dx * PAN_STEP_PX, -dy * PAN_STEP_PX)),
    ),
    key(["]"], "Brighter", () => look.light(GREY_STEP, 0)),
    key(["["], "Darker", () => look.light(-GREY_STEP, 0)),
    key(["}"], "More contrast", () => look.light(0, GREY_STEP)),
    key(["{"], "Less contrast", () => look.light(0, -GREY_STEP)),
    key(["\\"], "Brightness and contrast as stored", () => look.asStored()),
    key(["o"], "Overlays on and off", () => look.toggleOverlays()),
    key(["l"], "Calliper: length", () => look.measure("length")),
    key(["g"], "Calliper: angle", () => look.measure("angle")),
    key(["p"], "Calliper: area of an outline", () => look.measure("area")),
    key(["e"], "Edit the bone line", () => look.editContour()),
    key(["b"], "Paint structures", () => look.paint()),
  ];
}

/** Return the keys for what is in hand; they go before those for looking. */
export function drawingKeys(hand: Hand): readonly Shortcut[] {
  const key = (keys: string[], label: string, run: () => boolean): Shortcut => ({ keys, label, group: "Drawing", run });
  return [
    key(["Enter"], "Place a point, or keep what is drawn", () => hand.enter()),
    key(["Escape"], "Put the tool down", () => hand.putDown()),
    key(["Backspace"], "Take the last point away", () => hand.onCaliper((tool) => tool.back())),
    key(
      ["c"],
      "Close the outline",
      () => hand.onCaliper((tool) => tool.close()) || hand.onBrush((tool) => tool.close()),
    ),
    key(["Delete"], "No bone here: remove the chosen run", () => hand.onContour((tool) => tool.remove())),
    key(["n"], "New piece of bone line", () => hand.onContour((tool) => tool.add())),
    key(
      ["Ctrl+z", "z"],
      "Take the last change back",
      () => hand.onContour((tool) => tool.undo()) || hand.onBrush((tool) => tool.undo()),
    ),
    key(["Ctrl+y", "Z"], "Do again what was taken back", () => hand.onBrush((tool) => tool.redo())),
    key(["["], "Smaller brush", () => hand.onBrush((tool) => tool.resize(-1))),
    key(["]"], "Larger brush", () => hand.onBrush((tool) => tool.resize(1))),
    key(["w"], "Next of brush, eraser and outline", () => hand.onBrush((tool) => tool.next())),
    key(["Ctrl+Enter"], "Save what is painted", () => hand.onBrush(() => void hand.keep())),
    ...ARROWS.flatMap(([name, dx, dy]) => [
      key([name], "Move by one pixel, or choose a handle", () => hand.nudge(dx, dy, false)),
      key([`Shift+${name}`], "Move by ten pixels; an end of the line also sideways", () =>
        hand.nudge(FAR_PX * dx, FAR_PX * dy, true),
      ),
    ]),
  ];
}
