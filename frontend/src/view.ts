/**
 * Where the picture's natural pixels lie on the screen: zoom, pan, and the matrices that draw it.
 *
 * A *view* places the frame (see `geometry.ts`) in a *room*, the stage's inside in CSS pixels. The selection belongs to
 * the picture: zooming or moving the view never changes it.
 */
import { type Box, cosSin, frameSize, type Point, type Selection, type Size } from "./geometry";

export interface View {
  /** CSS pixels for each natural pixel. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** `[a, b, c, d, e, f]` as CSS and canvas have it: x' = ax + cy + e, y' = bx + dy + f. */
export type Matrix = readonly [number, number, number, number, number, number];

type Orientation = Pick<Selection, "rotate" | "scaleX" | "scaleY">;

/** Room around the fitted picture, in CSS pixels, in which the handles at its edges can be taken hold of. */
const MARGIN = 16;
const CLOSEST = 8;

/** The whole frame, centred, as large as the room allows. */
export function fitView(frame: Size, room: Size): View {
  const scale = fitScale(frame, room);
  return settle({ scale, left: 0, top: 0 }, frame, room);
}

export function isFitted(view: View, frame: Size, room: Size): boolean {
  return view.scale <= fitScale(frame, room) * 1.0001;
}

/** Closer by a factor, with the natural pixel at a point of the room staying there. */
export function zoom(view: View, factor: number, at: Point, frame: Size, room: Size): View {
  const least = fitScale(frame, room);
  const scale = Math.min(Math.max(view.scale * factor, least), Math.max(CLOSEST, least));
  const ratio = scale / view.scale;
  return settle({ scale, left: at.x - (at.x - view.left) * ratio, top: at.y - (at.y - view.top) * ratio }, frame, room);
}

export function pan(view: View, by: Point, frame: Size, room: Size): View {
  return settle({ ...view, left: view.left + by.x, top: view.top + by.y }, frame, room);
}

/** The same part of the picture in a room of another size. */
export function resizeRoom(view: View, from: Size, to: Size, frame: Size): View {
  if (isFitted(view, frame, from)) return fitView(frame, to);
  const by = { x: (to.width - from.width) / 2, y: (to.height - from.height) / 2 };
  const moved = pan(view, by, frame, to);
  return zoom(moved, 1, { x: to.width / 2, y: to.height / 2 }, frame, to);
}

/** The view moved so far that the box can be seen, or its middle where it is larger than the room. */
export function reveal(view: View, box: Box, frame: Size, room: Size): View {
  const shown = toRoom(box, view);
  const x = overhang(shown.x, shown.width, room.width);
  const y = overhang(shown.y, shown.height, room.height);
  return x === 0 && y === 0 ? view : pan(view, { x, y }, frame, room);
}

/** A box of natural pixels in the room's CSS pixels. */
export function toRoom(box: Box, view: View): Box {
  return {
    x: view.left + box.x * view.scale,
    y: view.top + box.y * view.scale,
    width: box.width * view.scale,
    height: box.height * view.scale,
  };
}

/**
 * The matrix that draws a copy of the picture, of any size, with its origin at its upper left corner.
 * The copy's sides need not have the picture's exact ratio: its edges meet the picture's edges.
 */
export function matrixFrom(copy: Size, source: Size, turned: Orientation, view: View): Matrix {
  const frame = frameSize(source, turned.rotate);
  const [cos, sin] = cosSin(turned.rotate);
  const across = (view.scale * turned.scaleX * source.width) / copy.width;
  const down = (view.scale * turned.scaleY * source.height) / copy.height;
  const [a, b, c, d] = [cos * across, sin * across, -sin * down, cos * down];
  const e = view.left + (view.scale * frame.width - a * copy.width - c * copy.height) / 2;
  const f = view.top + (view.scale * frame.height - b * copy.width - d * copy.height) / 2;
  return [a, b, c, d, e, f];
}

/** The same as Cropper.js has it, which moves the picture about its own centre. */
export function cropperMatrix(copy: Size, source: Size, turned: Orientation, view: View): Matrix {
  const [a, b, c, d, e, f] = matrixFrom(copy, source, turned, view);
  const [x, y] = [copy.width / 2, copy.height / 2];
  return [a, b, c, d, e + a * x + c * y - x, f + b * x + d * y - y];
}

/** The view in which a box fills a canvas of its width. */
export function viewOfBox(box: Box, canvasWidth: number): View {
  const scale = canvasWidth / box.width;
  return { scale, left: -box.x * scale, top: -box.y * scale };
}

function fitScale(frame: Size, room: Size): number {
  const width = Math.max(room.width - 2 * MARGIN, 1);
  const height = Math.max(room.height - 2 * MARGIN, 1);
  return Math.min(width / frame.width, height / frame.height);
}

/** Centred along a side that has room to spare, else without a gap at its ends. */
function settle(view: View, frame: Size, room: Size): View {
  return {
    scale: view.scale,
    left: settleSide(view.left, frame.width * view.scale, room.width),
    top: settleSide(view.top, frame.height * view.scale, room.height),
  };
}

function settleSide(start: number, length: number, room: number): number {
  // Half a CSS pixel of grace, so that rounding never lets a fitted picture wander.
  if (length <= room - 2 * MARGIN + 0.5) return (room - length) / 2;
  return Math.min(Math.max(start, room - MARGIN - length), MARGIN);
}

function overhang(start: number, length: number, room: number): number {
  if (length > room - 2 * MARGIN) return (room - length) / 2 - start;
  return Math.max(MARGIN - start, 0) + Math.min(room - MARGIN - length - start, 0);
}
