import { describe, expect, it } from "vitest";
import { keyStep, pressStep, stepped } from "../src/crop-keys";

const none = { altKey: false, ctrlKey: false, shiftKey: false, metaKey: false };

describe("keyStep", () => {
  it("moves by 10, with Alt by 1, with Ctrl by 100", () => {
    expect(keyStep({ ...none, key: "ArrowLeft" })).toEqual({ kind: "move", by: { x: -10, y: 0 } });
    expect(keyStep({ ...none, key: "ArrowDown", altKey: true })).toEqual({ kind: "move", by: { x: 0, y: 1 } });
    expect(keyStep({ ...none, key: "ArrowUp", ctrlKey: true })).toEqual({ kind: "move", by: { x: 0, y: -100 } });
  });
  it("resizes with Shift, in the same steps", () => {
    expect(keyStep({ ...none, key: "ArrowRight", shiftKey: true })).toEqual({ kind: "resize", by: { x: 10, y: 0 } });
    expect(keyStep({ ...none, key: "ArrowUp", shiftKey: true, altKey: true })).toMatchObject({ by: { x: 0, y: -1 } });
  });
  it("leaves every other key to the page", () => {
    for (const key of ["Tab", "Escape", "Enter", "Home", "a", " "]) expect(keyStep({ ...none, key })).toBeNull();
    expect(keyStep({ ...none, key: "ArrowLeft", metaKey: true })).toBeNull();
  });
});

describe("pressStep", () => {
  const frame = { width: 1000, height: 500 };
  it("moves and resizes by a fiftieth of the longer side", () => {
    expect(pressStep("Left", frame)).toEqual({ kind: "move", by: { x: -20, y: 0 } });
    expect(pressStep("Down", frame)).toEqual({ kind: "move", by: { x: 0, y: 20 } });
    expect(pressStep("larger", frame)).toEqual({ kind: "resize", by: { x: 20, y: 20 } });
    expect(pressStep("smaller", { width: 9, height: 9 })).toEqual({ kind: "resize", by: { x: -1, y: -1 } });
    expect(pressStep("centre", frame)).toBe("centre");
    expect(pressStep("sideways", frame)).toBeNull();
  });
});

describe("stepped", () => {
  const limits = { frame: { width: 1000, height: 500 }, ratio: null, minimum: { width: 1, height: 1 } };
  const box = { x: 100, y: 100, width: 200, height: 100 };
  it("moves, resizes and centres", () => {
    expect(stepped(box, { kind: "move", by: { x: -20, y: 0 } }, limits)).toEqual({ ...box, x: 80 });
    expect(stepped(box, { kind: "resize", by: { x: 20, y: 0 } }, limits)).toEqual({ ...box, width: 220 });
    expect(stepped(box, { kind: "resize", by: { x: 0, y: 20 } }, limits)).toEqual({ ...box, height: 120 });
    const grown = { x: 90, y: 90, width: 220, height: 120 };
    expect(stepped(box, { kind: "resize", by: { x: 20, y: 20 } }, limits)).toEqual(grown);
    expect(stepped(grown, { kind: "resize", by: { x: -20, y: -20 } }, limits)).toEqual(box);
    expect(stepped(box, "centre", limits)).toEqual({ ...box, x: 400, y: 200 });
  });
  it("keeps the ratio", () => {
    const grown = stepped(box, { kind: "resize", by: { x: 20, y: 20 } }, { ...limits, ratio: { width: 2, height: 1 } });
    expect(grown.width).toBe(2 * grown.height);
  });
});
