/** One canvas of the room. What lies still and what moves have one each, so that a move draws little. */

import { HemisphereLight, Scene, SpotLight, WebGLRenderer, type Camera, type Object3D } from "three";
import type { Paints } from "./paints";

const MOST_RATIO = 2;
/** Drawn by the processor: there, smooth edges and many pictures cost more than they show. */
const SOFTWARE = /swiftshader|llvmpipe|software/i;
const SOFTWARE_EVERY_MS = 70;

export class Layer {
  readonly scene = new Scene();
  readonly #renderer: WebGLRenderer;
  readonly #camera: Camera;
  #frame = 0;
  #wait: ReturnType<typeof setTimeout> | undefined;
  #drawnAt = -Infinity;

  /** Throws where the browser has no WebGL. `alpha`: what lies behind shows through. */
  constructor(canvas: HTMLCanvasElement, camera: Camera, paints: Paints, alpha: boolean) {
    const context = canvas.getContext("webgl2", { alpha, antialias: !isSoftware(), powerPreference: "low-power" });
    if (!context) throw new Error("no WebGL");
    this.#renderer = new WebGLRenderer({ canvas, context });
    this.#renderer.setPixelRatio(isSoftware() ? 1 : Math.min(devicePixelRatio || 1, MOST_RATIO));
    this.#renderer.localClippingEnabled = true;
    this.#camera = camera;
    if (!alpha) this.scene.background = paints.room;
    this.scene.add(...lights(paints));
  }

  resize(width: number, height: number): void {
    this.#renderer.setSize(width, height, false);
  }

  /** Draw with the next picture of the screen, or a little later where drawing is dear. */
  draw(): void {
    const rest = isSoftware() ? SOFTWARE_EVERY_MS - (performance.now() - this.#drawnAt) : 0;
    if (rest > 0) {
      this.#wait ??= setTimeout(() => {
        this.#wait = undefined;
        this.draw();
      }, rest);
      return;
    }
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawnAt = performance.now();
      this.#renderer.render(this.scene, this.#camera);
    });
  }

  close(): void {
    clearTimeout(this.#wait);
    cancelAnimationFrame(this.#frame);
    this.#renderer.dispose();
    this.#renderer.forceContextLoss();
  }
}

let software: boolean | undefined;

function isSoftware(): boolean {
  if (software === undefined) {
    const context = document.createElement("canvas").getContext("webgl2");
    const names = context?.getExtension("WEBGL_debug_renderer_info");
    software = SOFTWARE.test(String(names ? context?.getParameter(names.UNMASKED_RENDERER_WEBGL) : ""));
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return software;
}

/** A lamp over the loins, and a little light from everywhere. */
function lights(paints: Paints): Object3D[] {
  const lamp = new SpotLight(paints.lamp, 3.1, 0, 0.36, 0.85, 0);
  lamp.position.set(-420, 900, 380);
  const fill = new SpotLight(paints.sky, 1.1, 0, 0.5, 1, 0);
  fill.position.set(700, 500, -500);
  return [lamp, lamp.target, fill, fill.target, new HemisphereLight(paints.sky, paints.room, 0.55)];
}
