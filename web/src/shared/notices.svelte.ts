/** One line at a time for the reader: what went wrong and what to do, or what was done and how to undo it. */

export interface Notice {
  readonly id: number;
  readonly kind: "error" | "done";
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

const SHOWN_MS = 8000;
const MOST = 3;
let next = 0;

export const notices = $state<{ list: Notice[] }>({ list: [] });

/** Show a line. What was done goes away by itself, or when more was done; an error stays until it is read. */
export function notify(kind: Notice["kind"], text: string, action?: Notice["action"]): void {
  const notice: Notice = { id: next++, kind, text, action };
  const others = notices.list.filter((other) => other.kind === "error" && other.text !== text);
  notices.list = [...others, notice].slice(-MOST);
  if (kind === "done") setTimeout(() => dismiss(notice.id), SHOWN_MS);
}

/** Take away what was done: the reader has turned the page. */
export function forgetDone(): void {
  notices.list = notices.list.filter((notice) => notice.kind === "error");
}

/** Take a line away. */
export function dismiss(id: number): void {
  notices.list = notices.list.filter((notice) => notice.id !== id);
}
