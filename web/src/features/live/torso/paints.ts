/** The colours of the room, from the theme: nothing here knows a colour of its own. */

import { Color } from "three";

const NAMES = {
  room: "--stage-room",
  skin: "--stage-skin",
  shade: "--stage-skin-shade",
  cloth: "--stage-cloth",
  couch: "--stage-couch",
  bone: "--stage-bone",
  probe: "--stage-probe",
  lens: "--stage-lens",
  lamp: "--stage-lamp",
  sky: "--stage-sky",
  accent: "--accent",
} as const;

export type Paints = { readonly [Name in keyof typeof NAMES]: Color };

/** Read the theme where `element` stands. */
export function readPaints(element: Element): Paints {
  const style = getComputedStyle(element);
  const entries = Object.entries(NAMES).map(([name, token]) => [name, new Color(style.getPropertyValue(token).trim())]);
  return Object.fromEntries(entries) as Paints;
}
