/** Numbers as people read them: with unit and doubt, and no more digits than the doubt allows. */

const UNITS: Record<string, string> = {
  mm: "mm",
  mm2: "mm²",
  "mm/s": "mm/s",
  deg: "°",
  s: "s",
  "{grey}": "grey",
  "%": "%",
  "1": "",
  "{pixel}": "px",
};

/** Return a unit of the server (UCUM) as it is printed beside a number. */
export function unitText(unit: string): string {
  return UNITS[unit] ?? unit;
}

/** Return how many decimals a value is shown with: the first digit of its doubt, at least one, at most three. */
export function decimals(uncertainty: number | null | undefined): number {
  if (!uncertainty || uncertainty <= 0) return 1;
  return Math.min(3, Math.max(1, Math.ceil(-Math.log10(uncertainty))));
}

/** Return a value without its unit: as many decimals as its doubt allows; an en dash where there is none. */
export function valueText(value: number | null | undefined, uncertainty?: number | null): string {
  return value === null || value === undefined ? "–" : value.toFixed(decimals(uncertainty));
}

/** Return the doubt of a value, "± 0.8", or nothing where it is not known. */
export function doubtText(uncertainty: number | null | undefined): string {
  return uncertainty ? `± ${uncertainty.toFixed(decimals(uncertainty))}` : "";
}

/** Return "1 frame", "2 frames". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** Return bytes as "12 kB", "3.4 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Return a rest time as "about 5 s", "about 2 min". */
export function restText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Return the day of an ISO time, in the reader's own way of writing. */
export function dayText(iso: string): string {
  return DAY.format(new Date(iso));
}

/** Return day and time of an ISO time. */
export function momentText(iso: string): string {
  return MOMENT.format(new Date(iso));
}

/** Return `erector_spinae` as "Erector spinae". */
export function words(id: string): string {
  const text = id.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
