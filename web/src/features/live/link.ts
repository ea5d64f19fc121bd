/**
 * The way to the source and back: the newest wish goes out, the newest frame comes in, and nothing queues between.
 *
 * A frame is shown with the next picture of the screen; what arrived before it is passed over. Only then is it
 * acknowledged, and only then does the server send more than the two that may be on their way.
 */

import { LiveSocket, readFrame, type LiveFrame, type Opening, type Said, type Wish } from "../../api/live";
import type { LiveControl } from "../../api/types";

/** What is wished of the picture; the link numbers it. */
export type Control = Omit<LiveControl, "type" | "number">;
export type LinkState = "connecting" | "open" | "lost" | "shut";

export interface Ends {
  /** How the source is opened, asked again after every loss. */
  opening(): Opening;
  state(state: LinkState): void;
  said(message: Said): void;
  shown(frame: LiveFrame): void;
}

const CONTROL_EVERY_MS = 15;
const RETRY_MS = [400, 800, 1600, 3200, 5000] as const;
/** Without a touch for so long, the latency is measured with the same wish once more. */
const ASK_EVERY_MS = 1000;
const RATE_OVER_MS = 1000;
const MOST_TOUCHES = 100;

export class Link {
  readonly #ends: Ends;
  readonly #ask: ReturnType<typeof setInterval>;
  readonly #watch = (): void => this.#run();
  #socket: LiveSocket | undefined;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #final = false;
  #frozen = false;
  #seeing = true;
  #arrived: ArrayBuffer[] = [];
  #drawing = 0;
  #control: Control | undefined;
  #number = 0;
  #sentAt = 0;
  #flush: ReturnType<typeof setTimeout> | undefined;
  #touches: { number: number; at: number }[] = [];
  #touched: number | undefined;
  #shownAt: number[] = [];
  /** From a touch of a knob to the picture that shows it, ms; of the last one. */
  latency: number | undefined;

  constructor(ends: Ends) {
    this.#ends = ends;
    document.addEventListener("visibilitychange", this.#watch);
    this.#ask = setInterval(
      () => this.#touches.length || this.#frozen || !this.#control || this.want(this.#control),
      ASK_EVERY_MS,
    );
  }

  /** Frames shown in the last second. */
  get fps(): number {
    const since = performance.now() - RATE_OVER_MS;
    this.#shownAt = this.#shownAt.filter((at) => at > since);
    return this.#shownAt.length;
  }

  open(): void {
    this.#drop();
    this.#final = false;
    this.#ends.state(this.#tries ? "lost" : "connecting");
    const socket = new LiveSocket({
      opened: () => socket.say(this.#ends.opening()),
      said: (message) => this.#said(message),
      frame: (message) => this.#frame(message),
      closed: () => this.#closed(),
    });
    this.#socket = socket;
  }

  /** Leave for good. */
  close(): void {
    this.#drop();
    clearInterval(this.#ask);
    document.removeEventListener("visibilitychange", this.#watch);
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    this.#run();
  }

  /** Have what is seen sent with each frame, or not. */
  see(seeing: boolean): void {
    this.#seeing = seeing;
    this.#run();
  }

  /** Wish the picture so; of several wishes within one picture of the screen, the last is sent. */
  want(control: Control): void {
    this.#control = control;
    this.#touched ??= performance.now();
    const rest = CONTROL_EVERY_MS - (performance.now() - this.#sentAt);
    if (rest <= 0) this.#send();
    else this.#flush ??= setTimeout(() => this.#send(), rest);
  }

  say(message: Wish): void {
    this.#socket?.say(message);
  }

  #send(): void {
    clearTimeout(this.#flush);
    this.#flush = undefined;
    if (!this.#control || !this.#socket) return;
    this.#sentAt = performance.now();
    this.#number++;
    this.#touches = [...this.#touches.slice(-MOST_TOUCHES), { number: this.#number, at: this.#touched! }];
    this.#touched = undefined;
    this.#socket.say({ type: "control", number: this.#number, ...this.#control });
  }

  #run(): void {
    this.#socket?.say({ type: "run", running: !this.#frozen && !document.hidden, seen: this.#seeing });
  }

  #said(message: Said): void {
    if (message.type === "opened") {
      this.#tries = 0;
      this.#ends.state("open");
      this.#run();
    }
    if (message.type === "trouble") this.#final ||= message.final;
    this.#ends.said(message);
  }

  #frame(message: ArrayBuffer): void {
    this.#arrived.push(message);
    this.#drawing ||= requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#drawing = 0;
    const newest = this.#arrived.pop();
    this.#arrived = [];
    if (!newest) return;
    const frame = readFrame(newest);
    this.#clock(frame.head.control);
    this.#ends.shown(frame);
    this.say({ type: "ack", index: frame.head.index });
  }

  #clock(control: number): void {
    const now = performance.now();
    this.#shownAt.push(now);
    const answered = this.#touches.filter(({ number }) => number <= control);
    if (!answered.length) return;
    this.latency = now - answered.at(-1)!.at;
    this.#touches = this.#touches.filter(({ number }) => number > control);
  }

  #closed(): void {
    this.#socket = undefined;
    if (this.#final) {
      this.#ends.state("shut");
      return;
    }
    this.#ends.state("lost");
    const wait = RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => this.open(), wait);
  }

  #drop(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#flush);
    cancelAnimationFrame(this.#drawing);
    this.#socket?.close();
    this.#socket = undefined;
    [this.#flush, this.#drawing, this.#arrived, this.#touches, this.#touched] = [undefined, 0, [], [], undefined];
    [this.#control, this.latency] = [undefined, undefined];
  }
}
