/**
 * The one registry of keyboard shortcuts: what `?` shows is what works.
 *
 * Shortcuts of the part that mounted last are asked first. Single characters can be switched off (WCAG 2.1.4),
 * because people who speak their input would otherwise trigger them by accident.
 */

import { recall, remember } from "./memory";

export interface Shortcut {
  /** "ArrowLeft", "Shift+ArrowLeft", "Ctrl+z", "?", "a". Shift is named only for keys that print nothing. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly group: string;
  /** Only while the focus is inside this (a selector); such a shortcut goes before those that work everywhere. */
  readonly within?: string;
  /** Return false to let the next shortcut with that key have it. */
  readonly run: (event: KeyboardEvent) => boolean | void;
}

type Provider = () => readonly Shortcut[];

const providers: Provider[] = [];
const SINGLE_KEYS = "single-key shortcuts";

export const keyboard = $state({ singleKeys: recall(SINGLE_KEYS) !== "off" });

/** Switch shortcuts of one character on or off, and keep that. */
export function allowSingleKeys(allowed: boolean): void {
  keyboard.singleKeys = allowed;
  remember(SINGLE_KEYS, allowed ? "on" : "off");
}

/** Make `provider`'s shortcuts work while the calling component is mounted. */
export function useShortcuts(provider: Provider): void {
  $effect(() => {
    providers.unshift(provider);
    return () => {
      providers.splice(providers.indexOf(provider), 1);
    };
  });
}

/** Return what can be pressed now, outermost part first. */
export function listShortcuts(): readonly Shortcut[] {
  return [...providers].reverse().flatMap((provider) => provider());
}

/** Return the name of a pressed key as shortcuts spell it. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const printing = event.key.length === 1;
  const parts = [
    event.ctrlKey || event.metaKey ? "Ctrl" : "",
    event.altKey ? "Alt" : "",
    event.shiftKey && (!printing || event.key === " ") ? "Shift" : "",
    printing ? (event.ctrlKey || event.metaKey ? event.key.toLowerCase() : event.key) : event.key,
  ];
  return parts.filter(Boolean).join("+");
}

/** Handle one key press of the window. */
export function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || document.querySelector("dialog:modal")) return;
  const name = keyName(event);
  if (belongsToControl(event, name)) return;
  if (!keyboard.singleKeys && /^\S$/.test(name) && name !== "?") return;
  const taken = candidates(name).some((shortcut) => shortcut.run(event) !== false);
  if (taken) event.preventDefault();
}

/** Return the shortcuts that answer to a key where the focus is: the closest first. */
function candidates(name: string): readonly Shortcut[] {
  const focus = document.activeElement;
  const all = providers.flatMap((provider) => provider().filter((shortcut) => shortcut.keys.includes(name)));
  const inside = all.filter(({ within }) => within !== undefined && focus?.closest(within));
  return [...inside, ...all.filter(({ within }) => within === undefined)];
}

/** True when the focused control needs that key itself. */
function belongsToControl(event: KeyboardEvent, name: string): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (!target) return false;
  if (target.matches("textarea, select, [contenteditable]")) return name !== "Escape";
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return /^(Arrow|Home|End|Page)/.test(event.key);
    if (target.type === "checkbox") return event.key === " ";
    return name !== "Escape";
  }
  const clickable = target.closest("button, a[href], summary, [role=tab]");
  return clickable !== null && (event.key === " " || event.key === "Enter");
}
