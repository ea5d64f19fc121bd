/** What the keyboard does on the motion page. */

import type { Shortcut } from "../../shared/keys.svelte";
import type { Player } from "../../shared/viewer/player.svelte";
import type { Placing } from "./places.svelte";

const ZOOM_STEP = 1.25;
const FAR = 10;
const ARROWS = [
  ["ArrowLeft", -1, 0],
  ["ArrowRight", 1, 0],
  ["ArrowUp", 0, -1],
  ["ArrowDown", 0, 1],
] as const;

/** What the page lets keys do. */
export interface Deeds {
  readonly player: Player;
  readonly tool: Placing | undefined;
  take(what: Placing["what"]): void;
  putDown(): void;
  zoom(factor: number): void;
  fit(): void;
  tints(): void;
  nextPart(): void;
  keep(): void;
}

/** Return the keys that work now. */
export function motionKeys(page: Deeds): readonly Shortcut[] {
  const { player, tool } = page;
  const key = (keys: string[], label: string, run: Shortcut["run"]): Shortcut => ({
    keys,
    label,
    group: "Motion",
    run,
  });
  return [
    ...(tool ? placingKeys(page, tool) : []),
    key([" "], "Play and pause", () => player.toggle()),
    key(["ArrowLeft", ","], "Previous frame", () => player.step(-1)),
    key(["ArrowRight", "."], "Next frame", () => player.step(1)),
    key(["PageUp"], "Ten frames back", () => player.step(-FAR)),
    key(["PageDown"], "Ten frames on", () => player.step(FAR)),
    key(["Home"], "First frame", () => player.step(-Infinity)),
    key(["End"], "Last frame", () => player.step(Infinity)),
    key(["+", "="], "Zoom in", () => page.zoom(ZOOM_STEP)),
    key(["-"], "Zoom out", () => page.zoom(1 / ZOOM_STEP)),
    key(["0", "f"], "Fit the picture", () => page.fit()),
    key(["l"], "Place the M-mode line", () => page.take("line")),
    key(["s"], "Place the layers of the fascia", () => page.take("layers")),
    key(["d"], "Displacement as colours, on and off", () => page.tints()),
    key(["p"], "Magnitude, lateral or axial", () => page.nextPart()),
    key(["k"], "Keep the values in the examination", () => page.keep()),
  ];
}

function placingKeys(page: Deeds, tool: Placing): Shortcut[] {
  const key = (keys: string[], label: string, run: () => boolean | void): Shortcut => ({
    keys,
    label,
    group: "Placing",
    run,
  });
  return [
    key(["Enter"], "Follow what is placed", () => tool.keep()),
    key(["Escape"], "Put it down", () => page.putDown()),
    key(["n"], "The other end of the line", () => tool.other()),
    ...ARROWS.flatMap(([name, dx, dy]) => [
      key([name], "Move by one pixel", () => tool.nudge(dx, dy)),
      key([`Shift+${name}`], "Move by ten pixels", () => tool.nudge(FAR * dx, FAR * dy)),
    ]),
  ];
}
