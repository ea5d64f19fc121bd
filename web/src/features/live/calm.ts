/** Words that stay until something else has held for a while: what flickers is not read. Time is an argument. */

export class Calm {
  #shown = "";
  #next = "";
  #since = 0;
  #changed = -Infinity;

  /** `hold`: how long something new must last, ms; `rest`: how long at least between two changes, ms. */
  constructor(
    private readonly hold: number,
    private readonly rest = 0,
  ) {}

  /** Return what is to be shown, told what is true now. */
  tell(words: string, now: number): string {
    if (words !== this.#next) [this.#next, this.#since] = [words, now];
    const held = now - this.#since >= this.hold;
    if (this.#next !== this.#shown && held && now - this.#changed >= this.rest) {
      [this.#shown, this.#changed] = [this.#next, now];
    }
    return this.#shown;
  }
}
