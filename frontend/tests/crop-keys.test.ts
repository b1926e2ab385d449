import { describe, expect, it } from "vitest";
import { keyStep } from "../src/crop-keys";

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
