import { describe, expect, it } from "vitest";
import { PhaseBar } from "../src/phase-bar";
import { random } from "./random";

describe("the bar of an upload", () => {
  it("gives most of itself to sending", () => {
    const bar = new PhaseBar();
    bar.sent(0.5);
    expect(bar.value).toBeCloseTo(0.4);
    bar.sent(1);
    expect(bar.value).toBeCloseTo(0.8);
    bar.received(0.5);
    expect(bar.value).toBeCloseTo(0.85);
    bar.received(1);
    expect(bar.value).toBeCloseTo(0.9);
  });

  it("goes on for as long as the site works, and is full only when the picture is there", () => {
    const bar = new PhaseBar();
    const seen = [100, 500, 2000, 10_000, 15_000].map((ms) => {
      bar.worked(ms);
      return bar.value;
    });
    expect(seen).toEqual([...seen].sort());
    expect(new Set(seen).size).toBe(seen.length);
    expect(bar.value).toBeLessThan(0.991);
    bar.stored();
    expect(bar.value).toBe(1);
  });

  it("moves on from where it was when the file is sent again", () => {
    const bar = new PhaseBar();
    bar.sent(0.75);
    bar.again();
    bar.sent(0);
    expect(bar.value).toBeCloseTo(0.6);
    bar.sent(0.1);
    expect(bar.value).toBeCloseTo(0.6 + 0.4 * 0.08);
  });

  it("never goes back and is never full before its time, whatever happens", () => {
    const { whole, pick } = random(7);
    for (let round = 0; round < 200; round += 1) {
      const bar = new PhaseBar();
      let last = 0;
      for (let step = 0; step < 60; step += 1) {
        const part = whole(0, 1000) / 1000;
        pick([() => bar.sent(part), () => bar.received(part), () => bar.worked(part * 60_000), () => bar.again()])();
        expect(bar.value).toBeGreaterThanOrEqual(last);
        expect(bar.value).toBeLessThan(1);
        last = bar.value;
      }
    }
  });
});
