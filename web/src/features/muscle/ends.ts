/** The ends of a calliper, or the points of an outline, in image coordinates. */

import { readCaliper, type Point, type Reading, type Region } from "../../shared/geometry";
import { fitView, type Size, type View } from "../../shared/viewer/view";

/** A step of an arrow key, and of one with Shift, pixels. */
export const STEP_PX = 1;
export const FAR_PX = 10;

const HALF = 0.5;
const MOST_ZOOM_AT_FIRST = 3;

const WAYS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Return how far a key moves an end, or nothing where it is another key. */
export function stepOf(key: string, far: boolean): Point | undefined {
  const way = WAYS[key];
  const step = far ? FAR_PX : STEP_PX;
  return way && [way[0] * step, way[1] * step];
}

/** Return the points with one of them elsewhere, inside the picture. */
export function movedTo(points: readonly Point[], index: number, [x, y]: Point, image: Size): readonly Point[] {
  const inside: Point = [Math.min(image.width - 1, Math.max(0, x)), Math.min(image.height - 1, Math.max(0, y))];
  return points.map((point, i) => (i === index ? inside : point));
}

/** Return two ends to begin with where nothing was measured: in the middle, a third of the picture apart. */
export function newEnds({ width, height }: Size): readonly Point[] {
  const x = Math.round((width - 1) / 2);
  return [
    [x, Math.round(height / 3)],
    [x, Math.round((2 * height) / 3)],
  ];
}

/** Return the view to begin with: what is measured fills about half of the height, and stands in the middle. */
export function viewOf(points: readonly Point[], image: Size): View {
  if (points.length < 2) return fitView(image);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const share = Math.max((right - left) / image.width, (bottom - top) / image.height);
  const zoom = Math.min(MOST_ZOOM_AT_FIRST, Math.max(1, HALF / Math.max(share, 1e-3)));
  return zoom === 1 ? fitView(image) : { zoom, cx: (left + right) / 2, cy: (top + bottom) / 2 };
}

/** Return what points measure now; `movable`: 2 for ends, 3 for an outline. */
export function readingOf(points: readonly Point[], movable: number, regions: readonly Region[]): Reading {
  return readCaliper(movable === 3 ? "area" : "length", points, regions);
}

/** Return the name of a handle for those who hear the page. */
export function handleName(index: number, count: number): string {
  if (count > 2) return `Point ${index + 1} of ${count} of the outline`;
  return index === 0 ? "First end of the calliper" : "Second end of the calliper";
}
