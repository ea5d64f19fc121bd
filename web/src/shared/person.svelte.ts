/** The name under which this browser's user reviews and signs. */

import { ask } from "./ask.svelte";
import { recall, remember } from "./memory";

const NAME = "name";

export const person = $state({ name: recall(NAME) ?? "" });

/** Ask for the name, and keep it. Return it, or null when the reader cancelled. */
export async function askName(): Promise<string | null> {
  const answers = await ask({
    title: "Who is reviewing?",
    text: "Your name stands beside every decision and under the report. It is kept in this browser only.",
    fields: [{ name: "name", label: "Your name", value: person.name, required: true }],
    confirm: "Use this name",
  });
  if (!answers) return null;
  return keepName(answers["name"] ?? "");
}

/** Keep `name`, with single spaces. */
export function keepName(name: string): string {
  person.name = name.split(/\s+/).filter(Boolean).join(" ");
  remember(NAME, person.name);
  return person.name;
}

/** Return the known name, or ask for it. */
export async function whoever(): Promise<string | null> {
  return person.name || (await askName());
}
