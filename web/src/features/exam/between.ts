/** The question before frames between two key frames are filled: which frames, which structures, and why. */

import { ask } from "../../shared/ask.svelte";
import { STRUCTURES } from "../../shared/colours";
import { words } from "../../shared/format";
import { notify } from "../../shared/notices.svelte";
import type { Desk } from "./desk.svelte";

const WHY = ["Follows the key frames", "The model lost it in between"];

/** Ask, then fill. Frames that somebody corrected by hand stay as they are. */
export async function askBetween(desk: Desk): Promise<void> {
  const [first, last] = desk.overlays?.keysAround(desk.player.frame) ?? [];
  const shown = (frame: number | undefined): string => (frame === undefined ? "" : String(frame + 1));
  const map = desk.overlays?.get(last ?? desk.player.frame)?.map;
  const there = (map?.structures ?? []).map(({ structure }) => words(structure));
  const answers = await ask({
    title: "Fill between key frames",
    text: "Structures are led from one corrected frame to another. Frames corrected by hand stay as they are.",
    fields: [
      { name: "first", label: "From frame", kind: "number", required: true, value: shown(first) },
      { name: "last", label: "To frame", kind: "number", required: true, value: shown(last) },
      { name: "structures", label: "Structures, with commas", required: true, value: there.join(", ") },
      { name: "reason", label: "Reason", required: true, suggestions: WHY },
    ],
    confirm: "Fill",
  });
  if (!answers) return;
  const wanted = (answers["structures"] ?? "").split(",").map((one) => one.trim().toLowerCase());
  const known = STRUCTURES.slice(1).filter((one) => wanted.includes(words(one).toLowerCase()));
  const unknown = wanted.find((one) => !known.some((structure) => words(structure).toLowerCase() === one));
  if (unknown !== undefined) return notify("error", `There is no structure "${unknown}".`);
  const [from, to] = [Number(answers["first"]) - 1, Number(answers["last"]) - 1];
  await desk.fillBetween(from, to, known, answers["reason"] ?? "");
}
