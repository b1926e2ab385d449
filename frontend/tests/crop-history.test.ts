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
    const history = new CropHistory("a", crop(0));
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
    const history = new CropHistory("a", crop(0));
    history.add(crop(1));
    history.go(-1);
    history.add(crop(3));
    expect(history.go(1)).toBeNull();
    expect(history.go(-1)).toEqual(crop(0));
  });
  it("counts no step that changes nothing", () => {
    const history = new CropHistory("a", crop(0));
    history.add(crop(0));
    expect(history.canUndo).toBe(false);
  });
  it("keeps a hundred steps", () => {
    const history = new CropHistory("a", crop(0));
    for (let x = 1; x <= 150; x += 1) history.add(crop(x));
    let back = 0;
    while (history.go(-1)) back += 1;
    expect(back).toBe(99);
  });
  it("goes on after a reload of the same crop of the same picture, and of no other", () => {
    const before = new CropHistory("a", crop(0));
    before.add(crop(1));
    expect(new CropHistory("a", crop(1)).go(-1)).toEqual(crop(0));
    expect(new CropHistory("b", crop(1)).canUndo).toBe(false);
  });
  it("begins anew where the crop was changed elsewhere", () => {
    new CropHistory("a", crop(0)).add(crop(1));
    expect(new CropHistory("a", crop(7)).canUndo).toBe(false);
  });
  it("does without a store", () => {
    vi.unstubAllGlobals();
    const history = new CropHistory("a", crop(0));
    history.add(crop(1));
    expect(history.go(-1)).toEqual(crop(0));
  });
});
