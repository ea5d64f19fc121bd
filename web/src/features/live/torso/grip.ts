/**
 * What the hand does in the room: drag the probe over the skin, turn it by its handle, or walk around the couch.
 *
 * One finger on the skin or on the probe moves the probe; beside the body it turns the room. Two fingers turn the
 * probe and come nearer. The wheel turns the probe; with Shift it tilts, with Alt it rocks, with Ctrl it comes nearer.
 */

import { column, spot } from "../hold";
import type { Scan } from "../scan.svelte";
import { pointAt, spotOf, type Spot } from "../skin";
import { add, scaled, type Vector } from "../vectors";
import type { Orbit } from "./orbit";
import type { Stage } from "./stage";

const REACH_PX = 22;
const REACH_TOUCH_PX = 34;
const HANDLE_MM = 24;
const TURN_DEG = 3;
const WHEEL_PX = 50;
const ZOOM_PER_PX = 0.0016;
const DEGREE = Math.PI / 180;

type Doing =
  | { readonly what: "slide"; readonly around: number; readonly along: number }
  | { readonly what: "turn" }
  | { readonly what: "orbit" }
  | { readonly what: "twist" };

type Place = readonly [number, number];

export class Grip {
  readonly #element: HTMLElement;
  readonly #stage: Stage;
  readonly #orbit: Orbit;
  readonly #scan: Scan;
  readonly #pointers = new Map<number, Place>();
  #doing: Doing | undefined;
  readonly look: () => void;

  constructor(element: HTMLElement, stage: Stage, orbit: Orbit, scan: Scan, look: () => void) {
    this.#element = element;
    this.#stage = stage;
    this.#orbit = orbit;
    this.#scan = scan;
    this.look = look;
  }

  down(event: PointerEvent): void {
    if (!this.#scan.hold || !this.#scan.skin) return;
    this.#element.setPointerCapture(event.pointerId);
    const at = this.#place(event);
    this.#pointers.set(event.pointerId, at);
    if (this.#pointers.size === 2) this.#doing = { what: "twist" };
    else this.#doing = event.button === 2 ? { what: "orbit" } : this.#begin(at, event.pointerType === "touch");
    this.move(event);
  }

  move(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (!before || !this.#doing) return;
    const at = this.#place(event);
    this.#pointers.set(event.pointerId, at);
    if (this.#doing.what === "slide") this.#slide(at, this.#doing);
    else if (this.#doing.what === "turn") this.#turn(before, at, this.#middle());
    else if (this.#doing.what === "twist") this.#twist(event.pointerId, before, at);
    else {
      this.#orbit.drag(at[0] - before[0], at[1] - before[1]);
      this.look();
    }
  }

  up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    this.#doing = undefined;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const by = (event.deltaY || event.deltaX) / WHEEL_PX;
    if (event.ctrlKey) {
      this.#orbit.zoom(Math.exp(-by * WHEEL_PX * ZOOM_PER_PX * 4));
      this.look();
    } else if (event.shiftKey) this.#scan.turnBy(0, by);
    else if (event.altKey) this.#scan.turnBy(0, 0, by);
    else this.#scan.turnBy(TURN_DEG * by);
  }

  #begin(at: Place, touch: boolean): Doing {
    const { hold, skin } = this.#scan;
    const reach = touch ? REACH_TOUCH_PX : REACH_PX;
    if (this.handles().some((handle) => distance(handle, at) < reach)) return { what: "turn" };
    const under = this.#spotUnder(at);
    const foot = this.#onScreen(pointAt(skin!, spot(hold!)));
    if (this.#stage.probeUnder(...this.#share(at)) || distance(foot, at) < reach) {
      const [around, along] = under ? [hold!.around - under[0], hold!.z - under[1]] : [0, 0];
      return { what: "slide", around, along };
    }
    return under ? { what: "slide", around: 0, along: 0 } : { what: "orbit" };
  }

  /** Where the probe can be turned, screen pixels: before and behind both ends of its face. */
  handles(): readonly Place[] {
    const { pose, machine } = this.#scan;
    if (!pose || !machine) return [];
    const [across, origin] = [column(pose, 0), column(pose, 3)];
    const away = machine.width_mm / 2 + HANDLE_MM;
    return [-away, away].map((mm) => this.#onScreen(add(origin, scaled(across, mm))));
  }

  #slide(at: Place, { around, along }: Extract<Doing, { what: "slide" }>): void {
    const under = this.#spotUnder(at);
    if (under) this.#scan.move({ around: under[0] + around, z: under[1] + along });
  }

  /** On the screen, seen from behind the probe, right is right; so the probe turns as the hand does. */
  #turn(before: Place, at: Place, about: Place): void {
    const angle = (place: Place): number => Math.atan2(place[1] - about[1], place[0] - about[0]) / DEGREE;
    const turned = angle(at) - angle(before);
    this.#scan.turnBy(turned - 360 * Math.round(turned / 360));
  }

  #twist(moved: number, before: Place, at: Place): void {
    const other = [...this.#pointers].find(([id]) => id !== moved)?.[1];
    if (!other) return;
    this.#turn(before, at, other);
    this.#orbit.zoom(distance(at, other) / Math.max(1, distance(before, other)));
    this.look();
  }

  #middle(): Place {
    return this.#onScreen(pointAt(this.#scan.skin!, spot(this.#scan.hold!)));
  }

  #spotUnder(at: Place): Spot | undefined {
    const point = this.#stage.skinUnder(...this.#share(at));
    return point && spotOf(this.#scan.skin!, point);
  }

  #onScreen(point: Vector): Place {
    const [u, v] = this.#stage.project(point);
    return [u * this.#element.clientWidth, v * this.#element.clientHeight];
  }

  #place(event: PointerEvent): Place {
    const box = this.#element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #share([x, y]: Place): Place {
    return [x / this.#element.clientWidth, y / this.#element.clientHeight];
  }
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
