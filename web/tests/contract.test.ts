/** What is generated or locked is as fresh, and as clean, as what it came from. */

import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { describe, expect, it } from "vitest";

const here = (path: string): URL => new URL(path, import.meta.url);

describe("what is generated", () => {
  it("speaks the committed contract: run `npm run generate` when this fails", async () => {
    const made = astToString(await openapiTS(here("../openapi.json")));
    const committed = readFileSync(here("../src/api/schema.d.ts"), "utf-8");
    expect(committed.slice(committed.indexOf("export interface paths"))).toBe(
      made.slice(made.indexOf("export interface paths")),
    );
  });
});

describe("the lock file", () => {
  const lock = readFileSync(here("../package-lock.json"), "utf-8");
  const { packages } = JSON.parse(lock) as { packages: Record<string, { resolved?: string; integrity?: string }> };

  it("names no registry", () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved)).toEqual([]);
  });

  it("pins every package by its content", () => {
    const loose = Object.entries(packages).filter(([name, { integrity }]) => name && !integrity);
    expect(loose).toEqual([]);
  });
});
