import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CropHistory } from "../src/crop-history";
import type { Selection } from "../src/geometry";

const crop = (x: number): Selection => ({ box: { x, y: 0, width: 9, height: 9 }, rotate: 0, scaleX: 1, scaleY: 1 });

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
});
afterEach(() => vi.unstubAllGlobals());

describe("CropHistory", () => {
  it("goes back and forth", () => {
    const history = new CropHistory("a", crop(0), 1);
    expect([history.canUndo, history.canRedo]).toEqual([false, false]);
    history.add(crop(1));
    history.add(crop(2));
    expect(history.go(-1)).toEqual(crop(1));
    expect(history.go(-1)).toEqual(crop(0));
    expect(history.go(-1)).toBeNull();
    expect(history.go(1)).toEqual(crop(1));
    expect([history.canUndo, history.canRedo]).toEqual([true, true]);
  });
  it("forgets what was taken back once something else is done", () => {
    const history = new CropHistory("a", crop(0), 1);
    history.add(crop(1));
    history.go(-1);
    history.add(crop(3));
    expect(history.go(1)).toBeNull();
    expect(history.go(-1)).toEqual(crop(0));
  });
  it("counts no step that changes nothing", () => {
    const history = new CropHistory("a", crop(0), 1);
    history.add(crop(0));
    expect(history.canUndo).toBe(false);
  });
  it("keeps a hundred steps", () => {
    const history = new CropHistory("a", crop(0), 1);
    for (let x = 1; x <= 150; x += 1) history.add(crop(x));
    let back = 0;
    while (history.go(-1)) back += 1;
    expect(back).toBe(99);
  });
  it("goes on after a reload of the same crop of the same picture, and of no other", () => {
    const before = new CropHistory("a", crop(0), 1);
    before.add(crop(1));
    expect(new CropHistory("a", crop(1), 1).go(-1)).toEqual(crop(0));
    expect(new CropHistory("b", crop(1), 1).canUndo).toBe(false);
  });
  it("begins anew where the crop was changed elsewhere", () => {
    new CropHistory("a", crop(0), 1).add(crop(1));
    expect(new CropHistory("a", crop(7), 1).canUndo).toBe(false);
  });
  it("goes on from the last step where a page came before that was saved", () => {
    const before = new CropHistory("a", crop(0), 1);
    before.add(crop(1));
    before.add(crop(2));
    // The page of before, or as a request that was under way then made it.
    for (const [shown, revision] of [
      [crop(0), 1],
      [crop(1), 2],
    ] as const) {
      const after = new CropHistory("a", shown, revision);
      expect(after.current).toEqual(crop(2));
      expect(after.go(-1)).toEqual(crop(1));
      after.go(1);
    }
  });
  it("leaves a page alone that came later than what this tab did last", () => {
    new CropHistory("a", crop(0), 1).add(crop(1));
    // Somebody took it back elsewhere: two changes since.
    expect(new CropHistory("a", crop(0), 3).current).toEqual(crop(0));
  });
  it("leaves a page alone once the site has answered", () => {
    const before = new CropHistory("a", crop(0), 1);
    before.add(crop(1));
    before.settle(2, false);
    expect(new CropHistory("a", crop(0), 2).current).toEqual(crop(0));
  });
  it("does without a store", () => {
    vi.unstubAllGlobals();
    const history = new CropHistory("a", crop(0), 1);
    history.add(crop(1));
    expect(history.go(-1)).toEqual(crop(0));
  });
});
