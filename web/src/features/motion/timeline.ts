/** Where frames lie along a strip or a curve, and how a curve is drawn: both share their left and right edge. */

export const LEFT = 52;
export const RIGHT = 16;

/** Return the middle of a frame's place across a width. */
export function xOf(frame: number, frames: number, width: number): number {
  return LEFT + ((frame + 0.5) / frames) * Math.max(1, width - LEFT - RIGHT);
}

/** Return the frame at a place across a width. */
export function frameAt(x: number, frames: number, width: number): number {
  const frame = Math.floor(((x - LEFT) / Math.max(1, width - LEFT - RIGHT)) * frames);
  return Math.min(frames - 1, Math.max(0, frame));
}

/** Return a value's range with some room, never empty. */
export function rangeOf(values: readonly (number | null)[]): [number, number] {
  const known = values.filter((one) => one !== null);
  if (!known.length) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = Math.max(0.08 * (high - low), 0.005 * Math.max(Math.abs(high), Math.abs(low)), 0.05);
  return [low - room, high + room];
}

/** Return a few round numbers within a range. */
export function ticksOf([low, high]: readonly [number, number]): number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / 2));
  const step = power * [5, 2, 1].find((factor) => power * factor * 2 <= high - low)!;
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}

/** Return the path of a curve; where a value is not known the line is broken. */
export function pathOf(
  values: readonly (number | null)[],
  x: (n: number) => number,
  y: (value: number) => number,
): string {
  let pen = "M";
  return values
    .map((value, n) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const part = `${pen}${x(n).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return part;
    })
    .join("");
}

/** Return the frame whose time is nearest; times rise. */
export function nearestFrame(times: readonly number[], time: number): number {
  let best = 0;
  for (let n = 1; n < times.length; n++) {
    if (Math.abs(times[n]! - time) < Math.abs(times[best]! - time)) best = n;
  }
  return best;
}
