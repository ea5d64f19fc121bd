/**
 * Two colour maps for displacement, even to the eye: equal steps of a value are equal steps in OKLab
 * (Ottosson 2020, A perceptual color space for image processing). Lightness alone tells the order, so they
 * can be read without telling hues apart.
 */

export type Rgb = readonly [number, number, number];
type Lab = readonly [number, number, number];

const STEPS = 256;

/** From dark blue over green to light yellow: how far. */
const FAR: readonly Lab[] = bend([0.3, -0.02, -0.13], [0.63, -0.1, -0.01], [0.96, -0.06, 0.16]);
/** From light blue over dark to light orange: which way and how far; the middle is no movement. */
const WAYS: readonly Lab[] = [
  ...straight([0.84, -0.05, -0.08], [0.24, 0, 0], STEPS / 2),
  ...straight([0.24, 0, 0], [0.84, 0.05, 0.08], STEPS / 2 + 1).slice(1),
];

export const MAPS = { far: FAR.map(toRgb), ways: WAYS.map(toRgb) } as const;

/** Return the colour of a share, 0 to 1, held at the ends. */
export function colourAt(map: readonly Rgb[], share: number): Rgb {
  return map[Math.min(STEPS - 1, Math.max(0, Math.round(share * (STEPS - 1))))]!;
}

/** Return a CSS gradient of a map, from left to right. */
export function gradientOf(map: readonly Rgb[]): string {
  const stops = Array.from({ length: 17 }, (_, i) => `rgb(${colourAt(map, i / 16).join(" ")})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** Return points along a bent way, as far apart as each other. */
function bend(from: Lab, over: Lab, to: Lab): readonly Lab[] {
  const fine = Array.from({ length: 2001 }, (_, i): Lab => {
    const t = i / 2000;
    const at = (k: 0 | 1 | 2): number => (1 - t) ** 2 * from[k] + 2 * t * (1 - t) * over[k] + t ** 2 * to[k];
    return [at(0), at(1), at(2)];
  });
  const gone = [0];
  for (let i = 1; i < fine.length; i++) gone.push(gone[i - 1]! + distance(fine[i]!, fine[i - 1]!));
  const whole = gone.at(-1)!;
  let at = 0;
  return Array.from({ length: STEPS }, (_, n) => {
    while (at < fine.length - 1 && gone[at]! < (whole * n) / (STEPS - 1)) at++;
    return fine[at]!;
  });
}

function straight(from: Lab, to: Lab, steps: number): Lab[] {
  return Array.from({ length: steps }, (_, i): Lab => {
    const t = i / (steps - 1);
    return [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1]), from[2] + t * (to[2] - from[2])];
  });
}

/** Return how different two colours look, OKLab. */
export function distance(one: Lab, other: Lab): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

function toRgb([light, a, b]: Lab): Rgb {
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    byte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** Return a linear light level as an sRGB byte. */
function byte(light: number): number {
  const held = Math.min(1, Math.max(0, light));
  return Math.round(255 * (held <= 0.0031308 ? 12.92 * held : 1.055 * held ** (1 / 2.4) - 0.055));
}

/** Return the OKLab place of an sRGB colour. */
export function labOf(rgb: Rgb): Lab {
  const [r, g, b] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
