/** The questions for a value of shear-wave elastography: as the device shows it, with its unit. */

import { ask } from "../../shared/ask.svelte";
import { notify } from "../../shared/notices.svelte";
import type { Desk } from "./desk.svelte";

const SIDES = ["unknown", "left", "right", "midline"] as const;

/** Ask for a value and keep it; Young's modulus only where the reader says yes. */
export async function enterStiffness(desk: Desk): Promise<void> {
  const answers = await ask({
    title: "Shear-wave elastography",
    text: "As the device shows it. Speeds (m/s) and elasticity (kPa) are never put into one trend, nor two devices.",
    fields: [
      { name: "value", label: "Value", kind: "number", required: true },
      { name: "unit", label: "Unit", required: true, suggestions: ["m/s", "kPa"] },
      { name: "device", label: "Device", required: true },
      { name: "structure", label: "Structure", suggestions: ["multifidus", "erector_spinae", "fascia"] },
      { name: "side", label: "Side", suggestions: ["left", "right"] },
      { name: "level", label: "Level", suggestions: ["L3", "L4", "L5"] },
      {
        name: "convert",
        label: "Also Young's modulus, E = 3 rho c², as a conversion?",
        value: "no",
        suggestions: ["no", "yes"],
      },
    ],
    confirm: "Keep the value",
  });
  if (!answers) return;
  const side = SIDES.find((one) => one === (answers["side"] || "unknown"));
  if (!side) return notify("error", `There is no side "${answers["side"]}": left, right or midline.`);
  await desk.addStiffness({
    value: Number(answers["value"]!.replace(",", ".")),
    unit: answers["unit"]!,
    device: answers["device"]!,
    of: { structure: answers["structure"] || "background", side, level: answers["level"] ?? "" },
    convert: answers["convert"] === "yes",
  });
}
