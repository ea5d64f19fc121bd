/** Which sign stands beside an advice. Up is the head, down the feet; left and right are those of the picture. */

import type { Move } from "../../api/types";
import type { IconName } from "../../shared/icons";

export const SIGNS: Record<Move, IconName> = {
  wait: "wait",
  hold: "accept",
  touch: "press",
  "turn clockwise": "clockwise",
  "turn anticlockwise": "anticlockwise",
  "slide left": "left",
  "slide right": "right",
  "slide to the head": "up",
  "slide to the feet": "down",
  "slide to the midline": "inwards",
  "slide from the midline": "outwards",
  "tilt to the head": "beamUp",
  "tilt to the feet": "beamDown",
  "tilt to the midline": "inwards",
  "tilt from the midline": "outwards",
  "rock left": "beamLeft",
  "rock right": "beamRight",
  depth: "knobs",
  "gain up": "knobs",
  "gain down": "knobs",
  focus: "knobs",
};
