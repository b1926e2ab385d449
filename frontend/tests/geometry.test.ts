import { describe, expect, it, test } from "vitest";
import vectors from "../../uploads/tests/geometry_vectors.json";
import {
  type Axis,
  affine,
  atLeast,
  type Box,
  clampInside,
  type Edge,
  frameSize,
  hasRatio,
  isBelow,
  type Limits,
  largest,
  mirror,
  moveBy,
  type Ratio,
  resizeBy,
  type Selection,
  type Sign,
  type Size,
  smallest,
  straighten,
  turn,
  withSide,
} from "../src/geometry";
import { random } from "./random";

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`${index} of ${list.length}`);
  return value;
}

function size(pair: readonly number[]): Size {
  return { width: at(pair, 0), height: at(pair, 1) };
}

function ratio(pair: readonly number[] | null): Ratio | null {
  return pair && size(pair);
}

function box(list: readonly number[]): Box {
  return { x: at(list, 0), y: at(list, 1), width: at(list, 2), height: at(list, 3) };
}

function selection(list: readonly number[]): Selection {
  return {
    box: box(list),
    rotate: at(list, 4),
    scaleX: at(list, 5) as Sign,
    scaleY: at(list, 6) as Sign,
  };
}

describe("golden vectors", () => {
  test.each(vectors.frame_size)("frameSize $source $rotate", (v) => {
    expect(frameSize(size(v.source), v.rotate)).toEqual(size(v.frame));
  });
  test.each(vectors.frame_size_askew)("frameSize $source $rotate", (v) => {
    expect(frameSize(size(v.source), v.rotate)).toEqual(size(v.frame));
  });
  test.each(vectors.largest_askew)("largest $source $rotate $ratio", (v) => {
    expect(largest(size(v.source), v.rotate, ratio(v.ratio))).toEqual(box(v.box));
  });
  test.each(vectors.clamp_askew)("clampInside $box $source $rotate", (v) => {
    expect(clampInside(box(v.box), size(v.source), v.rotate)).toEqual(box(v.clamped));
  });
  test.each(vectors.affine)("affine $selection", (v) => {
    const made = affine(selection(v.selection), size(v.source));
    for (const [index, value] of made.entries()) expect(value).toBeCloseTo(v.affine[index] as number, 6);
  });
  test.each(vectors.largest)("largest $frame $ratio", (v) => {
    expect(largest(size(v.frame), 0, ratio(v.ratio))).toEqual(box(v.box));
  });
  test.each(vectors.clamp_inside)("clampInside $box $frame", (v) => {
    expect(clampInside(box(v.box), size(v.frame), 0)).toEqual(box(v.clamped));
  });
  test.each(vectors.turn)("turn $selection $degrees $ratio", (v) => {
    const turned = turn(selection(v.selection), size(v.source), v.degrees as 90 | -90, ratio(v.ratio));
    expect(turned).toEqual(selection(v.turned));
  });
  test.each(vectors.mirror)("mirror $selection $axis", (v) => {
    expect(mirror(selection(v.selection), size(v.source), v.axis as Axis)).toEqual(selection(v.mirrored));
  });
  test.each(vectors.has_ratio)("hasRatio $box $ratio", (v) => {
    expect(hasRatio(box(v.box), size(v.ratio))).toBe(v.ok);
  });
});

describe("dragging a handle", () => {
  const frame = { width: 400, height: 300 };
  const free: Limits = { frame, ratio: null, minimum: { width: 20, height: 10 } };
  const square: Limits = { frame, ratio: { width: 1, height: 1 }, minimum: { width: 50, height: 50 } };
  const start = { x: 100, y: 100, width: 100, height: 80 };
  const even = { x: 100, y: 100, width: 100, height: 100 };

  it("moves the dragged side only", () => {
    expect(resizeBy(start, "e", { x: 30.4, y: 99 }, free)).toEqual({ ...start, width: 130 });
    expect(resizeBy(start, "nw", { x: -30, y: 20 }, free)).toEqual({ x: 70, y: 120, width: 130, height: 60 });
  });
  it("stops at the frame and keeps the opposite corner", () => {
    expect(resizeBy(start, "se", { x: 999, y: 999 }, free)).toEqual({ x: 100, y: 100, width: 300, height: 200 });
    expect(resizeBy(start, "nw", { x: -999, y: -999 }, free)).toEqual({ x: 0, y: 0, width: 200, height: 180 });
    expect(resizeBy(even, "nw", { x: -999, y: -999 }, square)).toEqual({ x: 0, y: 0, width: 200, height: 200 });
  });
  it("stops at the minimum instead of turning inside out", () => {
    expect(resizeBy(start, "w", { x: 500, y: 0 }, free)).toEqual({ x: 180, y: 100, width: 20, height: 80 });
    expect(resizeBy(even, "nw", { x: 500, y: 500 }, square)).toEqual({ x: 150, y: 150, width: 50, height: 50 });
  });
  it("grows about the middle when a side is dragged with a ratio", () => {
    expect(resizeBy(even, "e", { x: 20, y: 0 }, square)).toEqual({ x: 100, y: 90, width: 120, height: 120 });
    expect(resizeBy(even, "s", { x: 0, y: 999 }, square)).toEqual({ x: 50, y: 100, width: 200, height: 200 });
  });
});

describe("numbers", () => {
  const limits: Limits = {
    frame: { width: 1200, height: 800 },
    ratio: { width: 3, height: 1 },
    minimum: { width: 300, height: 100 },
  };
  const start = { x: 0, y: 0, width: 600, height: 200 };

  it("adapts the other side to the ratio", () => {
    expect(withSide(start, "width", 900, limits)).toEqual({ ...start, width: 900, height: 300 });
    expect(withSide(start, "height", 300, limits)).toEqual({ ...start, width: 900, height: 300 });
  });
  it("stays between the minimum and the frame", () => {
    expect(withSide(start, "width", 1, limits)).toEqual({ ...start, width: 300, height: 100 });
    expect(withSide({ ...start, x: 500 }, "height", 9999, limits)).toEqual({ x: 0, y: 0, width: 1200, height: 400 });
    expect(withSide(start, "x", 9999, limits)).toEqual({ ...start, x: 600 });
    expect(withSide(start, "y", -4, limits)).toEqual(start);
  });
  it("asks no more than a frame can give", () => {
    const narrow = { ...limits, frame: { width: 200, height: 800 } };
    expect(smallest(narrow)).toEqual({ width: 200, height: 67 });
    expect(isBelow(smallest(narrow), narrow.minimum)).toBe(true);
  });
  it("grows what is below the minimum about its middle, and leaves the rest alone", () => {
    expect(atLeast({ x: 590, y: 390, width: 30, height: 10 }, limits)).toEqual({
      x: 455,
      y: 345,
      width: 300,
      height: 100,
    });
    expect(atLeast({ x: 0, y: 790, width: 30, height: 10 }, limits)).toEqual({ x: 0, y: 700, width: 300, height: 100 });
    expect(atLeast(start, limits)).toBe(start);
  });
});

describe("properties", () => {
  const edges: Edge[] = ["n", "e", "s", "w", "ne", "nw", "se", "sw"];
  const ratios = [null, { width: 1, height: 1 }, { width: 16, height: 9 }, { width: 1, height: 3 }];

  it("keeps inside, whole, in ratio and above the minimum whatever is dragged", () => {
    const { whole, pick } = random(7);
    for (let round = 0; round < 5000; round += 1) {
      const frame = { width: whole(1, 3000), height: whole(1, 3000) };
      const limits = { frame, ratio: pick(ratios), minimum: { width: whole(1, 400), height: whole(1, 400) } };
      let current = largest(frame, 0, limits.ratio);
      for (let step = 0; step < 4; step += 1) {
        const by = { x: whole(-4000, 4000) / 3, y: whole(-4000, 4000) / 3 };
        current = resizeBy(current, pick(edges), by, limits);
        expectAllowed(current, limits);
        current = moveBy(current, by, limits);
        expectAllowed(current, limits);
        current = withSide(current, pick(["x", "y", "width", "height"] as const), whole(-50, 4000), limits);
        expectAllowed(current, limits);
      }
    }
  });

  it("straightens inside, in ratio, about the crop's middle, and comes back", () => {
    const { whole, pick } = random(9);
    for (let round = 0; round < 3000; round += 1) {
      const source = { width: whole(40, 3000), height: whole(40, 3000) };
      const chosen = pick(ratios);
      const start: Selection = { box: largest(source, 0, chosen), rotate: 0, scaleX: pick<Sign>([1, -1]), scaleY: 1 };
      const rotate = whole(-4500, 4500) / 100;
      const turned = straighten(start, source, rotate, chosen);
      expect(turned.rotate).toBe(((rotate * 100 + 36_000) % 36_000) / 100);
      const again = clampInside(turned.box, source, turned.rotate);
      for (const side of ["x", "y", "width", "height"] as const)
        expect(Math.abs(again[side] - turned.box[side])).toBeLessThanOrEqual(1);
      if (chosen) expect(hasRatio(turned.box, chosen)).toBe(true);
      expect(turned.box.width).toBeLessThanOrEqual(start.box.width);
      // What was small enough to be turned freely has its size and place again.
      const small: Selection = {
        ...start,
        box: withSide(start.box, "width", start.box.width / 4, {
          frame: source,
          ratio: chosen,
          minimum: { width: 1, height: 1 },
        }),
      };
      const middled = {
        ...small,
        box: {
          ...small.box,
          x: Math.floor((source.width - small.box.width) / 2),
          y: Math.floor((source.height - small.box.height) / 2),
        },
      };
      if (Math.hypot(middled.box.width, middled.box.height) > Math.min(source.width, source.height)) continue;
      const back = straighten(straighten(middled, source, rotate, chosen), source, 0, chosen);
      expect([back.box.width, back.box.height]).toEqual([middled.box.width, middled.box.height]);
      expect(Math.abs(back.box.x - middled.box.x)).toBeLessThanOrEqual(1);
      expect(Math.abs(back.box.y - middled.box.y)).toBeLessThanOrEqual(1);
    }
  });

  it("comes back after four turns, and after two mirrors", () => {
    const { whole, pick } = random(8);
    for (let round = 0; round < 500; round += 1) {
      const source = { width: whole(2, 500), height: whole(2, 500) };
      const rotate = pick<number>([0, 90, 180, 270]);
      const start = {
        box: largest(source, rotate, null),
        rotate,
        scaleX: pick<Sign>([1, -1]),
        scaleY: 1,
      } as const;
      let turned: Selection = start;
      for (let quarter = 0; quarter < 4; quarter += 1) turned = turn(turned, source, 90, null);
      expect(turned).toEqual(start);
      expect(mirror(mirror(start, source, "vertical"), source, "vertical")).toEqual(start);
    }
  });
});

function expectAllowed(current: Box, limits: Limits): void {
  expect(clampInside(current, limits.frame, 0)).toEqual(current);
  expect([current.x, current.y, current.width, current.height].every(Number.isInteger)).toBe(true);
  if (limits.ratio) expect(hasRatio(current, limits.ratio)).toBe(true);
  expect(isBelow(current, smallest(limits))).toBe(false);
}
