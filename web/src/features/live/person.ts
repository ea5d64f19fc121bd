/** The numbers that make a virtual person: what they are called, how far they go, and somebody at random. */

import type { PatientBody } from "../../api/types";
import { clamp } from "./skin";

export type NumberKey =
  "age_years" | "height_mm" | "body_mass_index" | "lordosis_deg" | "scoliosis_deg" | "rotation_deg" | "fascia_mm";
export type LevelKey = "multifidus_atrophy" | "multifidus_fat" | "facet_hypertrophy";

/** Part of the back: a level from 0 (L1), undefined for all, and a side. */
export interface Place {
  readonly level: number | undefined;
  readonly side: "both" | "left" | "right";
}

interface Scale {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly text: (value: number) => string;
}

const percent = (value: number): string => `${Math.round(100 * value)} %`;
const degrees = (value: number): string => `${Math.round(value)}°`;

export const SCALES: Record<NumberKey | LevelKey, Scale> = {
  age_years: { name: "Age", least: 18, most: 95, step: 1, text: (years) => `${Math.round(years)} years` },
  height_mm: { name: "Height", least: 1400, most: 2100, step: 10, text: (mm) => `${Math.round(mm / 10)} cm` },
  body_mass_index: {
    name: "Body mass index",
    least: 16,
    most: 45,
    step: 0.5,
    text: (bmi) => `${bmi.toFixed(1)} kg/m²`,
  },
  multifidus_atrophy: { name: "Multifidus atrophy", least: 0, most: 0.7, step: 0.05, text: percent },
  multifidus_fat: { name: "Fat in multifidus", least: 0, most: 0.6, step: 0.02, text: percent },
  facet_hypertrophy: { name: "Facet hypertrophy", least: 0, most: 1, step: 0.05, text: percent },
  lordosis_deg: { name: "Lordosis", least: 15, most: 80, step: 1, text: degrees },
  scoliosis_deg: { name: "Scoliosis, convex to the left", least: -45, most: 45, step: 1, text: degrees },
  rotation_deg: { name: "Rotation with it", least: -25, most: 25, step: 1, text: degrees },
  fascia_mm: { name: "Fascia thickness", least: 0.8, most: 5, step: 0.1, text: (mm) => `${mm.toFixed(1)} mm` },
};

type Values = PatientBody[LevelKey];

/** Return the mean value of part of the back. */
export function at(values: Values, place: Place): number {
  const found = values.flatMap((pair, level) => pair.filter((_, side) => covers(place, level, side)));
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}

/** Return the values with part of the back changed. */
export function everywhere(values: Values, place: Place, value: number): Values {
  return values.map((pair, level) => pair.map((old, side) => (covers(place, level, side) ? value : old))) as Values;
}

/** Return somebody: `random` gives numbers from 0 to 1, and 0.5 throughout gives a person from the middle. */
export function somebody(random: () => number): PatientBody {
  const bell = (mean: number, spread: number): number => mean + spread * (random() + random() + random() - 1.5);
  const round = (value: number, key: NumberKey | LevelKey): number => {
    const { least, most, step } = SCALES[key];
    return clamp(Number((Math.round(value / step) * step).toFixed(3)), least, most);
  };
  const seed = Math.floor(random() * 2 ** 31);
  const sex = random() < 0.5 ? "male" : "female";
  const age = round(bell(47, 32), "age_years");
  const worn = clamp((age - 30) / 60, 0, 1);
  const sided = (key: LevelKey, mean: number, spread: number): Values =>
    Array.from({ length: 5 }, (_, level) => {
      const low = 0.5 + level / 8;
      return [0, 1].map(() => round(Math.max(0, bell(mean * low, spread * low)), key));
    }) as unknown as Values;
  const rest = (): number => random() - 0.5;
  const scoliosis = Math.round(rest() * 14);
  return {
    seed,
    sex,
    height_mm: round(bell(sex === "male" ? 1780 : 1650, 130), "height_mm"),
    body_mass_index: round(bell(25.5, 8), "body_mass_index"),
    age_years: age,
    lordosis_deg: round(bell(50, 22), "lordosis_deg"),
    scoliosis_deg: scoliosis,
    rotation_deg: Math.round(scoliosis * 0.4) || 0,
    facet_hypertrophy: sided("facet_hypertrophy", 0.5 * worn, 0.4 * worn),
    multifidus_atrophy: sided("multifidus_atrophy", 0.3 * worn, 0.25 * worn),
    multifidus_fat: sided("multifidus_fat", 0.08 + 0.22 * worn, 0.12),
    fascia_mm: round(bell(2.1, 0.9), "fascia_mm"),
    transition: "none",
  };
}

function covers({ level, side }: Place, row: number, column: number): boolean {
  return (level === undefined || level === row) && (side === "both" || (side === "left") === (column === 0));
}
