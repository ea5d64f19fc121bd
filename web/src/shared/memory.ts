/** What this browser remembers for its user. Storage may be forbidden; then nothing is remembered. */

const PREFIX = "echospine: ";

/** Return what was remembered under `name`, or null. */
export function recall(name: string): string | null {
  try {
    return globalThis.localStorage?.getItem(PREFIX + name) ?? null;
  } catch {
    return null;
  }
}

/** Remember `value` under `name`. */
export function remember(name: string, value: string): void {
  try {
    globalThis.localStorage?.setItem(PREFIX + name, value);
  } catch {
    // A private window without storage: the choice holds until the page is closed.
  }
}
