/** Questions in a dialog: a reason, a value, a name. One dialog serves them all. */

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind?: "text" | "number" | "long";
  readonly value?: string;
  readonly required?: boolean;
  readonly suffix?: string;
  readonly suggestions?: readonly string[];
}

export interface Question {
  readonly title: string;
  readonly text?: string;
  readonly lines?: readonly string[];
  readonly fields: readonly Field[];
  readonly confirm: string;
}

export type Answers = Record<string, string>;

export const asking = $state<{ question: Question | undefined }>({ question: undefined });
let settle: ((answers: Answers | null) => void) | undefined;

/** Ask, and return the answers; null when the reader cancelled. */
export function ask(question: Question): Promise<Answers | null> {
  settle?.(null);
  asking.question = question;
  return new Promise((resolve) => (settle = resolve));
}

/** Close the dialog with answers, or with null for a cancel. */
export function answer(answers: Answers | null): void {
  asking.question = undefined;
  settle?.(answers);
  settle = undefined;
}
