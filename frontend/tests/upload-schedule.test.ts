import { describe, expect, it } from "vitest";
import { AT_ONCE, nextPauseEnd, type Phase, toBegin } from "../src/upload-schedule";

const NOW = 10_000;

function uploads(...phases: (Phase | [Phase, number])[]): { name: number; phase: Phase; readyAt: number }[] {
  return phases.map((each, name) => {
    const [phase, readyAt] = typeof each === "string" ? [each, 0] : each;
    return { name, phase, readyAt };
  });
}

function begun(...phases: Parameters<typeof uploads>): number[] {
  return toBegin(uploads(...phases), NOW).map(({ name }) => name);
}

describe("which uploads begin", () => {
  it("the first three, in their order", () => {
    expect(AT_ONCE).toBe(3);
    expect(begun("waiting", "waiting", "waiting", "waiting")).toEqual([0, 1, 2]);
  });

  it("as many as there are places, and one that is received or worked on has its place still", () => {
    expect(begun("received", "waiting", "processing", "waiting")).toEqual([1]);
    expect(begun("sending", "sending", "processing", "waiting")).toEqual([]);
  });

  it("what is over takes no place", () => {
    expect(begun("stored", "refused", "failed", "waiting", "waiting", "waiting", "waiting")).toEqual([3, 4, 5]);
  });

  it("one that pauses lets the others go first, and keeps its turn when the pause is over", () => {
    expect(begun(["waiting", NOW + 1], "waiting", "sending", "sending")).toEqual([1]);
    expect(begun(["waiting", NOW], "waiting", "sending", "sending")).toEqual([0]);
  });
});

describe("the next look", () => {
  it("is when the first pause ends", () => {
    expect(nextPauseEnd(uploads(["waiting", NOW + 900], ["waiting", NOW + 50], "sending"), NOW)).toBe(NOW + 50);
  });

  it("is not needed without a pause", () => {
    expect(nextPauseEnd(uploads("waiting", "sending", ["failed", NOW + 10]), NOW)).toBeNull();
  });
});
