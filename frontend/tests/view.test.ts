import { describe, expect, it } from "vitest";
import { frameSize, mirror, type Point, type Selection, type Sign, type Size, turn } from "../src/geometry";
import {
  cropperMatrix,
  fitView,
  isFitted,
  type Matrix,
  matrixFrom,
  pan,
  resizeRoom,
  reveal,
  toRoom,
  viewOfBox,
  zoom,
} from "../src/view";
import { random } from "./random";

const source = { width: 4000, height: 3000 };
const room = { width: 832, height: 632 };

function map([a, b, c, d, e, f]: Matrix, { x, y }: Point): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f };
}

/** The inverse of Cropper.js's matrix, which moves about the picture's centre: a point of the room to one of the copy. */
function unmap([a, b, c, d, e, f]: Matrix, copy: Size, at: Point): Point {
  const u = at.x - copy.width / 2 - e;
  const v = at.y - copy.height / 2 - f;
  const k = a * d - b * c;
  return { x: copy.width / 2 + (d * u - c * v) / k, y: copy.height / 2 + (a * v - b * u) / k };
}

function whole(rotate: number, scaleX: Sign = 1, scaleY: Sign = 1): Selection {
  return { box: { x: 0, y: 0, ...frameSize(source, rotate) }, rotate, scaleX, scaleY };
}

describe("fitView", () => {
  it("centres the frame with its margin", () => {
    expect(fitView(source, room)).toEqual({ scale: 0.2, left: 16, top: 16 });
    expect(isFitted(fitView(source, room), source, room)).toBe(true);
  });
});

describe("matrixFrom", () => {
  const view = { scale: 0.1, left: 5, top: 7 };
  const corner = { x: 0, y: 0 };

  it("puts the upper left corner where a clockwise turn takes it", () => {
    expect(map(matrixFrom(source, source, whole(0), view), corner)).toEqual({ x: 5, y: 7 });
    expect(map(matrixFrom(source, source, whole(90), view), corner)).toEqual({ x: 305, y: 7 });
    expect(map(matrixFrom(source, source, whole(180), view), corner)).toEqual({ x: 405, y: 307 });
    expect(map(matrixFrom(source, source, whole(270), view), corner)).toEqual({ x: 5, y: 407 });
  });
  it("mirrors before it turns", () => {
    expect(map(matrixFrom(source, source, whole(0, -1), view), corner)).toEqual({ x: 405, y: 7 });
    expect(map(matrixFrom(source, source, whole(90, -1), view), corner)).toEqual({ x: 305, y: 407 });
  });
  it("meets the edges of the picture with a copy whose sides were rounded", () => {
    const copy = { width: 1600, height: 1201 };
    const { x, y } = map(matrixFrom(copy, source, whole(90), view), { x: 1600, y: 1201 });
    expect(x).toBeCloseTo(5, 9);
    expect(y).toBeCloseTo(407, 9);
  });
  it("fills a canvas with a box", () => {
    const box = { x: 1000, y: 500, width: 800, height: 400 };
    const matrix = matrixFrom(source, source, whole(0), viewOfBox(box, 200));
    expect(map(matrix, { x: 1000, y: 500 })).toEqual({ x: 0, y: 0 });
    expect(map(matrix, { x: 1800, y: 900 })).toEqual({ x: 200, y: 100 });
  });
});

describe("cropperMatrix", () => {
  it("is undone by the measured inverse to far below a pixel, in all orientations", () => {
    const copy = { width: 1600, height: 1200 };
    const numbers = random(3);
    for (let round = 0; round < 400; round += 1) {
      const turned = whole(
        numbers.pick<number>([0, 90, 180, 270]),
        numbers.pick<Sign>([1, -1]),
        numbers.pick<Sign>([1, -1]),
      );
      const view = { scale: numbers.whole(1, 99) / 37, left: numbers.whole(-900, 90), top: numbers.whole(-900, 90) };
      const point = { x: numbers.whole(0, 1600), y: numbers.whole(0, 1200) };
      const onScreen = map(matrixFrom(copy, source, turned, view), point);
      const back = unmap(cropperMatrix(copy, source, turned, view), copy, onScreen);
      expect(back.x).toBeCloseTo(point.x, 6);
      expect(back.y).toBeCloseTo(point.y, 6);
    }
  });
  it("shows the same pixels in the selection when picture and selection are turned or mirrored together", () => {
    const start = { ...whole(0), box: { x: 100, y: 200, width: 1000, height: 500 } };
    const middle = { x: 600, y: 450 };
    for (const moved of [turn(start, source, 90, null), mirror(turn(start, source, -90, null), source, "horizontal")]) {
      const { x, y } = map(matrixFrom(source, source, moved, { scale: 1, left: 0, top: 0 }), middle);
      expect({ x, y }).toEqual({ x: moved.box.x + moved.box.width / 2, y: moved.box.y + moved.box.height / 2 });
    }
  });
});

describe("zoom and pan", () => {
  const fitted = fitView(source, room);

  it("keeps the pixel under the pointer", () => {
    const at = { x: 300, y: 200 };
    const near = zoom(fitted, 3, at, source, room);
    expect((at.x - near.left) / near.scale).toBeCloseTo((at.x - fitted.left) / fitted.scale, 9);
  });
  it("never goes further out than the whole picture, nor lets it out of the room", () => {
    expect(zoom(fitted, 0.1, { x: 0, y: 0 }, source, room)).toEqual(fitted);
    const near = zoom(fitted, 4, { x: 400, y: 300 }, source, room);
    expect(pan(near, { x: 9999, y: 9999 }, source, room)).toMatchObject({ left: 16, top: 16 });
  });
  it("keeps the middle in a room of another size, and stays fitted if it was", () => {
    const small = { width: 390, height: 400 };
    expect(resizeRoom(fitted, room, small, source)).toEqual(fitView(source, small));
    const near = zoom(fitted, 4, { x: 416, y: 316 }, source, room);
    const narrow = resizeRoom(near, room, small, source);
    expect((195 - narrow.left) / narrow.scale).toBeCloseTo((416 - near.left) / near.scale, 6);
  });
  it("brings a box back into sight", () => {
    const near = zoom(fitted, 10, { x: 0, y: 0 }, source, room);
    const box = { x: 3500, y: 2800, width: 100, height: 100 };
    const shown = toRoom(box, reveal(near, box, source, room));
    expect(shown.x + shown.width).toBeLessThanOrEqual(room.width);
    expect(shown.y + shown.height).toBeLessThanOrEqual(room.height);
  });
});
