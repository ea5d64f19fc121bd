/** What can be said of how a recording was taken, and of what a calliper is. */

import type { Contraction, Side, View } from "../api/types";

export const LEVELS = ["T12", "L1", "L2", "L3", "L4", "L5", "S1"] as const;

export const SIDES = [
  { side: "unknown", text: "as seen" },
  { side: "left", text: "left" },
  { side: "right", text: "right" },
  { side: "midline", text: "midline" },
] as const satisfies readonly { side: Side; text: string }[];

export const STATES = [
  { state: "unknown", text: "not said" },
  { state: "rest", text: "at rest" },
  { state: "contracted", text: "contracted" },
] as const satisfies readonly { state: Contraction; text: string }[];

export const VIEWS = [
  "multifidus_transverse",
  "transverse_spinous",
  "transverse_interlaminar",
  "parasagittal_articular_process",
  "parasagittal_transverse_process",
  "parasagittal_lamina",
  "midline_sagittal",
  "fascia_longitudinal",
  "abdominal_wall_lateral",
  "sacral",
  "other",
] as const satisfies readonly View[];

/** What a calliper can be of, the muscles first; "background" is nothing named. */
export const PARTS = [
  "background",
  "multifidus",
  "erector_spinae",
  "transversus_abdominis",
  "internal_oblique",
  "external_oblique",
  "psoas",
  "quadratus_lumborum",
  "fascia",
  "subcutaneous",
  "nerve",
  "vessel",
  "dural_sac",
  "bone",
] as const;
