/** One colour for each structure, the same as in plots and reports; the table comes from the domain. */

import table from "./structure-colours.json";

const COLOURS: Record<string, string> = table;

/** The name of each structure at the place of its id, from the skin down. */
export const STRUCTURES: readonly string[] = Object.keys(table);

/** Return the colour of a structure, `#RRGGBB`. */
export function colourOf(structure: string): string {
  return COLOURS[structure] ?? COLOURS["background"]!;
}
