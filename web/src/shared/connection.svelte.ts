/** Whether the server answers; and when it answers again, what was missed is asked for anew. */

import { isAlive, onReached } from "../api/client";

const TRY_EVERY_MS = 2500;

/** `restored` grows with every return of the connection, so that what depends on it loads again. */
export const connection = $state({ lost: false, restored: 0 });

let trying: ReturnType<typeof setTimeout> | undefined;

onReached((answered) => {
  if (answered && connection.lost) connection.restored++;
  connection.lost = !answered;
  clearTimeout(trying);
  if (!answered) trying = setTimeout(() => void isAlive(), TRY_EVERY_MS);
});

/** Ask now whether the server answers. */
export function retry(): void {
  void isAlive();
}
