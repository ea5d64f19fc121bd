/** Which frame is due: playing at true speed means dropping frames, never slowing down. */

/** Frames per second where a recording does not know its times. */
export const ASSUMED_HZ = 15;

/** When each frame starts, seconds from the first, and how long one round takes. */
export interface Score {
  readonly starts: readonly number[];
  readonly round_s: number;
}

/** Return the score of a recording; frames of unknown time follow each other at ASSUMED_HZ. */
export function scoreOf(times: readonly number[], frames: number): Score {
  const known = times.length === frames && frames > 1 && times.every((t, i) => i === 0 || t >= times[i - 1]!);
  if (!known) {
    return {
      starts: Array.from({ length: frames }, (_, i) => i / ASSUMED_HZ),
      round_s: Math.max(frames, 1) / ASSUMED_HZ,
    };
  }
  const starts = times.map((t) => t - times[0]!);
  const last = starts.at(-1)!;
  return last > 0 ? { starts, round_s: last + last / (frames - 1) } : scoreOf([], frames);
}

/** Return the frame that is due `elapsed_s` after the first one, going round and round. */
export function dueAt(score: Score, elapsed_s: number): number {
  const rest = elapsed_s % score.round_s;
  const t = rest < 0 ? rest + score.round_s : rest;
  let low = 0;
  let high = score.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (score.starts[middle]! <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}
