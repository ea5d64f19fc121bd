/** Window and level: which grey levels are spread over the screen's range. */

export interface Levels {
  /** Grey level in the middle of the screen's range, 0-255. */
  readonly level: number;
  /** How many grey levels the screen's range spans. */
  readonly window: number;
}

export const AS_STORED: Levels = { level: 127.5, window: 255 };
const LEAST_WINDOW = 4;

/** Return the levels after a change: positive `brighter` and `contrast` raise brightness and contrast. */
export function adjust(levels: Levels, brighter: number, contrast: number): Levels {
  return {
    level: Math.min(255, Math.max(0, levels.level - brighter)),
    window: Math.min(510, Math.max(LEAST_WINDOW, levels.window - contrast)),
  };
}

/** True when pixels are shown as they are stored. */
export function isAsStored({ level, window }: Levels): boolean {
  return level === AS_STORED.level && window === AS_STORED.window;
}

/** Return what is shown for each stored level, 256 entries. */
export function table({ level, window }: Levels): Uint8ClampedArray {
  const lowest = level - window / 2;
  return Uint8ClampedArray.from({ length: 256 }, (_, stored) => ((stored - lowest) / window) * 255);
}

/** Apply a table to the colours of RGBA pixels, in place. */
export function applyTable(rgba: Uint8ClampedArray, shown: Uint8ClampedArray): void {
  for (let i = 0; i < rgba.length; i += 4) {
    rgba[i] = shown[rgba[i]!]!;
    rgba[i + 1] = shown[rgba[i + 1]!]!;
    rgba[i + 2] = shown[rgba[i + 2]!]!;
  }
}
