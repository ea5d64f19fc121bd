/** Where the picture stands in the viewer. Image points are (column, row); the first pixel's centre is (0, 0). */

import type { Point } from "../geometry";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is looked at: `zoom` times the fitting size, with image point (`cx`, `cy`) in the middle. */
export interface View {
  readonly zoom: number;
  readonly cx: number;
  readonly cy: number;
}

export const MOST_ZOOM = 32;

/** Return the view in which the whole picture is seen. */
export function fitView(image: Size): View {
  return { zoom: 1, cx: (image.width - 1) / 2, cy: (image.height - 1) / 2 };
}

/** Return screen pixels per image pixel. */
export function scaleOf(view: View, image: Size, box: Size): number {
  return Math.max(1e-6, Math.min(box.width / image.width, box.height / image.height) * view.zoom);
}

/** Return where an image point lies in the box, screen pixels. */
export function toScreen([x, y]: Point, view: View, image: Size, box: Size): Point {
  const scale = scaleOf(view, image, box);
  return [box.width / 2 + (x - view.cx) * scale, box.height / 2 + (y - view.cy) * scale];
}

/** Return the image point under a screen point of the box. */
export function toImage([x, y]: Point, view: View, image: Size, box: Size): Point {
  const scale = scaleOf(view, image, box);
  return [view.cx + (x - box.width / 2) / scale, view.cy + (y - box.height / 2) / scale];
}

/** Return the view zoomed by `factor` so that the image point under `at` (screen) stays where it is. */
export function zoomAt(view: View, factor: number, at: Point, image: Size, box: Size): View {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
  const [x, y] = toImage(at, view, image, box);
  const scale = scaleOf({ ...view, zoom }, image, box);
  const moved = { zoom, cx: x - (at[0] - box.width / 2) / scale, cy: y - (at[1] - box.height / 2) / scale };
  return keepInside(moved, image);
}

/** Return the view after the picture was dragged by (`dx`, `dy`) screen pixels. */
export function panBy(view: View, dx: number, dy: number, image: Size, box: Size): View {
  const scale = scaleOf(view, image, box);
  return keepInside({ ...view, cx: view.cx - dx / scale, cy: view.cy - dy / scale }, image);
}

/** A fitting picture stays in the middle; a larger one keeps some of itself in the middle of the box. */
function keepInside(view: View, image: Size): View {
  if (view.zoom <= 1) return fitView(image);
  return {
    zoom: view.zoom,
    cx: Math.min(image.width - 1, Math.max(0, view.cx)),
    cy: Math.min(image.height - 1, Math.max(0, view.cy)),
  };
}
