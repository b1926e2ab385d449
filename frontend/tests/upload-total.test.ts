import { expect, it } from "vitest";
import { totalOf } from "../src/upload-total";

it("a large file counts for more", () => {
  const total = totalOf([
    { bytes: 900, part: 0.5, isOver: false },
    { bytes: 100, part: 1, isOver: true },
  ]);
  expect(total).toEqual({ over: 1, all: 2, part: 0.55 });
});

it("a refused file is done, however far it came", () => {
  expect(totalOf([{ bytes: 10, part: 0.2, isOver: true }]).part).toBe(1);
});

it("nothing is nothing, and an empty file is no division by nothing", () => {
  expect(totalOf([])).toEqual({ over: 0, all: 0, part: 0 });
  expect(totalOf([{ bytes: 0, part: 0, isOver: true }]).part).toBe(1);
});
