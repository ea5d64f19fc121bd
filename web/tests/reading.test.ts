import { expect, it } from "vitest";
import { moved, withPoint } from "../src/features/study/figure";

it("begins a complete figure anew, but lets an area grow", () => {
  const two = withPoint("length", [[1, 1]], [2, 2]);
  expect(two).toHaveLength(2);
  expect(withPoint("length", two, [3, 3])).toEqual([[3, 3]]);
  expect(withPoint("area", [...two, [4, 5]], [3, 3])).toHaveLength(4);
});

it("keeps the cross inside the picture", () => {
  expect(moved([0, 5], [-1, 1], 10, 6)).toEqual([0, 5]);
  expect(moved([4, 4], [1, 0], 10, 6)).toEqual([5, 4]);
});
