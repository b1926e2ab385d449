import { describe, expect, it } from "vitest";
import { isWorthRepeating, pauseAfter, retryAfterMs } from "../src/back-off";

describe("the pause before sending again", () => {
  it("doubles from one second to thirty, six times, and then it is given up", () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((failures) => pauseAfter(failures))).toEqual([
      1000,
      2000,
      4000,
      8000,
      16000,
      30000,
      null,
    ]);
  });

  it("is never shorter than the site asked for, and no longer for a site that asked for less", () => {
    expect(pauseAfter(1, 5000)).toBe(5000);
    expect(pauseAfter(6, 5000)).toBe(30000);
    expect(pauseAfter(2, 90_000)).toBe(90_000);
    expect(pauseAfter(7, 5000)).toBeNull();
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-22T10:00:00Z");

  it.each([
    ["5", 5000],
    [" 120 ", 120_000],
    ["0", 0],
    ["Sun, 22 Nov 2026 10:00:30 GMT", 30_000],
    ["Sun, 22 Nov 2026 09:00:00 GMT", 0],
    [null, 0],
    ["", 0],
    ["soon", 0],
    ["9".repeat(400), 0],
  ])("%s is %i ms", (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});

it.each([
  [408, true],
  [429, true],
  [500, true],
  [502, true],
  [503, true],
  [200, false],
  [403, false],
  [409, false],
  [422, false],
  [507, false],
])("an answer of %i is worth repeating: %s", (status, expected) => {
  expect(isWorthRepeating(status)).toBe(expected);
});
