/** One colour for each structure, the same as in plots and reports; the table comes from the domain. */

import table from "./structure-colours.json";

const COLOURS: Record<string, string> = table;

/** Return the colour of a structure, `#RRGGBB`. */
export function colourOf(structure: string): string {
  return COLOURS[structure] ?? COLOURS["background"]!;
}
