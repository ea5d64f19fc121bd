/** The plan of the page as a test: a floor imports only downstairs, and pages are strangers. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));
const FLOORS = ["api", "shared", "features", "app"];

function floorOf(path: string): number {
  const floor = FLOORS.indexOf(path.split("/")[0]!);
  return floor < 0 ? FLOORS.length : floor;
}

function roomOf(path: string): string {
  const [floor, room] = path.split("/");
  return floor === "features" ? room! : "";
}

const files = readdirSync(root, { recursive: true, encoding: "utf-8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.(ts|svelte)$/.test(path) && !path.endsWith(".d.ts"));

const arrows = files.flatMap((from) => {
  const text = readFileSync(join(root, from), "utf-8");
  const wanted = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]!);
  return wanted.map((to) => [from, relative(root, join(root, dirname(from), to)).replaceAll("\\", "/")] as const);
});

describe("the plan of the page", () => {
  it("is read: there are arrows to judge", () => expect(arrows.length).toBeGreaterThan(80));

  it("imports only downstairs", () => {
    const upstairs = arrows.filter(([from, to]) => floorOf(to) > floorOf(from));
    expect(upstairs).toEqual([]);
  });

  it("keeps pages strangers to each other", () => {
    const met = arrows.filter(([from, to]) => roomOf(from) && roomOf(to) && roomOf(from) !== roomOf(to));
    expect(met).toEqual([]);
  });

  it("keeps colours in the theme, and styles out of markup", () => {
    const markup = files
      .filter((path) => path.endsWith(".svelte"))
      .map((path) => readFileSync(join(root, path), "utf-8"));
    expect(markup.filter((text) => /\sstyle="/.test(text))).toEqual([]);
  });
});
