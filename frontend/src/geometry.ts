/**
 * Where a crop lies: pure mathematics, the twin of `uploads/geometry.py`.
 *
 * All lengths are natural pixels, those of the upright picture. A selection mirrors the picture, turns it clockwise into
 * the smallest *frame* that holds it, and takes a box of whole pixels from that frame, origin upper left.
 * Golden vectors in `uploads/tests/geometry_vectors.json` are read by both test suites.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Point, Size {}

/** Width to height in whole numbers, so that it is as exact as Python's `Fraction`. */
export type Ratio = Size;

export type Sign = 1 | -1;
export type Axis = "horizontal" | "vertical";

/** A crop in the vocabulary of Cropper.js's `getData()`. */
export interface Selection {
  readonly box: Box;
  /** Clockwise degrees, at least 0 and below 360, in hundredths. */
  readonly rotate: number;
  readonly scaleX: Sign;
  readonly scaleY: Sign;
}

/** The rules that a box has to keep. `minimum` is what the spec asks for, even where the frame is too small for it. */
export interface Limits {
  readonly frame: Size;
  readonly ratio: Ratio | null;
  readonly minimum: Size;
  /** Where the picture is not turned by quarters: a box in the frame may still reach outside of the picture. */
  readonly askew?: { readonly source: Size; readonly rotate: number };
}

/** The sides that a handle drags, as in Cropper.js's actions (`ne-resize`). */
export type Edge = "n" | "e" | "s" | "w" | "ne" | "nw" | "se" | "sw";

/** Lengths that differ by less come from the same numbers by another rounding of sine and cosine. */
const EPSILON_PX = 1e-6;

/** An angle as a selection has it. */
export function normalized(degrees: number): number {
  const hundredths = Math.floor(degrees * 100 + 0.5) % 36_000;
  return ((hundredths + 36_000) % 36_000) / 100;
}

export function isQuarterTurn(rotate: number): boolean {
  return rotate % 90 === 0;
}

/** Cosine and sine, exact for quarter turns, where `Math.cos` leaves 6e-17 behind. */
export function cosSin(degrees: number): readonly [number, number] {
  const turned = ((degrees % 360) + 360) % 360;
  const quarters = [[1, 0], [0, 1], [-1, 0], [0, -1]] as const; // biome-ignore format: a table
  const radians = (turned * Math.PI) / 180;
  return quarters[turned / 90] ?? [Math.cos(radians), Math.sin(radians)];
}

/** The size of the smallest frame of whole pixels that holds the turned picture, about the same centre. */
export function frameSize(source: Size, rotate: number): Size {
  if (rotate % 180 === 0) return source;
  if (isQuarterTurn(rotate)) return { width: source.height, height: source.width };
  const { width, height } = turnedExtent(source, rotate);
  return { width: Math.ceil(width - EPSILON_PX), height: Math.ceil(height - EPSILON_PX) };
}

/** The upright rectangle around one that is turned. */
function turnedExtent({ width, height }: Size, rotate: number): Size {
  const [cosine, sine] = cosSin(rotate).map(Math.abs) as [number, number];
  return { width: width * cosine + height * sine, height: width * sine + height * cosine };
}

/** The largest size of a ratio that fits into a room; the room itself for no ratio. */
function largestSize(room: Size, ratio: Ratio | null): Size {
  if (ratio === null) return { width: room.width, height: room.height };
  const isTooWide = room.width * ratio.height > room.height * ratio.width;
  return isTooWide ? withHeight(room.height, ratio) : withWidth(room.width, ratio);
}

/** The largest centred box of a ratio (width to height) in the turned picture; of any ratio for none. */
export function largest(source: Size, rotate: number, ratio: Ratio | null): Box {
  const frame = frameSize(source, rotate);
  const most = isQuarterTurn(rotate) ? largestSize(frame, ratio) : largestAskew(source, rotate, ratio);
  const width = Math.max(1, most.width);
  const height = Math.max(1, most.height);
  const x = Math.floor((frame.width - width) / 2);
  const y = Math.floor((frame.height - height) / 2);
  return { x, y, width, height };
}

function largestAskew(source: Size, rotate: number, ratio: Ratio | null): Size {
  if (ratio === null) return largestOfAnyRatio(source, rotate);
  // Turned back, the box must fit: both of its extents are linear in its width.
  const flatness = ratio.height / ratio.width;
  const extent = turnedExtent({ width: 1, height: flatness }, rotate);
  const widest = Math.min(source.width / extent.width, source.height / extent.height);
  return { width: Math.floor(widest + EPSILON_PX), height: Math.floor(widest * flatness + EPSILON_PX) };
}

/** Either two corners of the box touch the picture's two long sides, or all four touch a side each. */
function largestOfAnyRatio(source: Size, rotate: number): Size {
  const [cosine, sine] = cosSin(rotate).map(Math.abs) as [number, number];
  const long = Math.max(source.width, source.height);
  const short = Math.min(source.width, source.height);
  let { width, height } = source;
  if (short <= 2 * sine * cosine * long + EPSILON_PX) {
    const isWide = source.width >= source.height;
    width = short / 2 / (isWide ? sine : cosine);
    height = short / 2 / (isWide ? cosine : sine);
  } else {
    const double = cosine * cosine - sine * sine;
    width = (source.width * cosine - source.height * sine) / double;
    height = (source.height * cosine - source.width * sine) / double;
  }
  return { width: Math.floor(width + EPSILON_PX), height: Math.floor(height + EPSILON_PX) };
}

/** The box moved into the turned picture; what is larger is cut to it, or shrunk where the picture lies askew. */
export function clampInside(box: Box, source: Size, rotate: number): Box {
  const frame = frameSize(source, rotate);
  if (!isQuarterTurn(rotate)) return clampAskew(box, source, rotate, frame);
  const width = Math.min(box.width, frame.width);
  const height = Math.min(box.height, frame.height);
  return {
    x: clamp(box.x, 0, frame.width - width),
    y: clamp(box.y, 0, frame.height - height),
    width,
    height,
  };
}

function clampAskew(box: Box, source: Size, rotate: number, frame: Size): Box {
  const { width, height } = shrunk(box, source, rotate);
  // The centre may be anywhere in a rectangle that is turned like the picture.
  const extent = turnedExtent({ width, height }, rotate);
  const room = {
    x: Math.max(0, (source.width - extent.width) / 2),
    y: Math.max(0, (source.height - extent.height) / 2),
  };
  const centre = middle(box);
  const back = rotated({ x: centre.x - frame.width / 2, y: centre.y - frame.height / 2 }, -rotate);
  const to = rotated({ x: clamp(back.x, -room.x, room.x), y: clamp(back.y, -room.y, room.y) }, rotate);
  return {
    x: Math.floor(to.x + frame.width / 2 - width / 2 + 0.5),
    y: Math.floor(to.y + frame.height / 2 - height / 2 + 0.5),
    width,
    height,
  };
}

/**
 * The sides of a box, made smaller alike until it fits in a picture that lies askew.
 * A side that would be less than a pixel stays one, and the other side makes room for it.
 */
function shrunk(box: Size, source: Size, rotate: number): Size {
  const wanted = turnedExtent(box, rotate);
  const fit = Math.min(1, source.width / wanted.width, source.height / wanted.height);
  const height = Math.max(1, Math.floor(box.height * fit + EPSILON_PX));
  const width = Math.min(Math.floor(box.width * fit + EPSILON_PX), longestBeside(height, source, rotate));
  const lying = { width: source.height, height: source.width };
  return { width: Math.max(1, width), height: Math.min(height, longestBeside(Math.max(1, width), lying, rotate)) };
}

/** The largest width, at least a pixel, with which a box of a height fits in a picture that lies askew. */
function longestBeside(height: number, source: Size, rotate: number): number {
  const [cosine, sine] = cosSin(rotate).map(Math.abs) as [number, number];
  const widest = Math.min((source.width - height * sine) / cosine, (source.height - height * cosine) / sine);
  return Math.max(1, Math.floor(widest + EPSILON_PX));
}

/** A point turned clockwise about the origin; y grows downwards. */
function rotated({ x, y }: Point, degrees: number): Point {
  const [cosine, sine] = cosSin(degrees);
  return { x: x * cosine - y * sine, y: x * sine + y * cosine };
}

/** How a point of the box, from its upper left corner, lies in the upright picture: (ax + by + c, dx + ey + f). */
export function affine({ box, rotate, scaleX, scaleY }: Selection, source: Size): readonly number[] {
  const frame = frameSize(source, rotate);
  const [cosine, sine] = cosSin(rotate);
  const [a, b, d, e] = [scaleX * cosine, scaleX * sine, -scaleY * sine, scaleY * cosine];
  const from = { x: box.x - frame.width / 2, y: box.y - frame.height / 2 };
  const c = a * from.x + b * from.y + source.width / 2;
  const f = d * from.x + e * from.y + source.height / 2;
  return [a, b, c, d, e, f];
}

/** Whether the box has the ratio as nearly as whole pixels can: one side, computed from the other, is off by ≤ 1 pixel. */
export function hasRatio(box: Size, ratio: Ratio): boolean {
  const difference = Math.abs(box.width * ratio.height - box.height * ratio.width);
  return difference <= ratio.height || difference <= ratio.width;
}

/**
 * Turn what is seen by a quarter, clockwise for 90; the box goes along.
 * With a ratio the box keeps its size around its turned centre, is shrunk to fit the new frame, and moved inside.
 */
export function turn(selection: Selection, source: Size, degrees: 90 | -90, ratio: Ratio | null): Selection {
  const { box } = selection;
  const frame = frameSize(source, selection.rotate);
  const size = { width: box.height, height: box.width };
  const turned: Box =
    degrees === 90
      ? { x: frame.height - box.y - box.height, y: box.x, ...size }
      : { x: box.y, y: frame.width - box.x - box.width, ...size };
  const rotate = normalized(selection.rotate + degrees);
  if (ratio === null) return { ...selection, box: turned, rotate };
  return { ...selection, box: withSize(turned, box, source, rotate, ratio), rotate };
}

/** Mirror what is seen: `horizontal` swaps left and right, also on a turned picture, as M·R(θ) = R(−θ)·M. */
export function mirror(selection: Selection, source: Size, axis: Axis): Selection {
  const { box, scaleX, scaleY } = selection;
  const frame = frameSize(source, selection.rotate);
  const rotate = normalized(-selection.rotate);
  if (axis === "horizontal") {
    return { box: { ...box, x: frame.width - box.x - box.width }, rotate, scaleX: -scaleX as Sign, scaleY };
  }
  return { box: { ...box, y: frame.height - box.y - box.height }, rotate, scaleX, scaleY: -scaleY as Sign };
}

/**
 * Turn the picture under the crop to another angle. What is in the crop's middle stays there; the crop keeps its size where
 * the picture still fills it, and is made smaller, in its ratio, where not.
 */
export function straighten(selection: Selection, source: Size, degrees: number, ratio: Ratio | null): Selection {
  const rotate = normalized(degrees);
  const from = frameSize(source, selection.rotate);
  const to = frameSize(source, rotate);
  const centre = middle(selection.box);
  const by = rotated({ x: centre.x - from.width / 2, y: centre.y - from.height / 2 }, rotate - selection.rotate);
  const { width, height } = ratio === null ? selection.box : fitted(selection.box, source, rotate, ratio);
  const x = Math.floor(by.x + to.width / 2 - width / 2 + 0.5);
  const y = Math.floor(by.y + to.height / 2 - height / 2 + 0.5);
  return { ...selection, box: clampInside({ x, y, width, height }, source, rotate), rotate };
}

/** A size in a ratio, made smaller until it fits in the turned picture. */
function fitted(size: Size, source: Size, rotate: number, ratio: Ratio): Size {
  if (fitsIn(size, source, rotate)) return size;
  const extent = turnedExtent(size, rotate);
  let width = Math.floor(size.width * Math.min(source.width / extent.width, source.height / extent.height));
  // Rounding the other side may have made it a pixel too long.
  while (width > 1 && !fitsIn(withWidth(width, ratio), source, rotate)) width -= 1;
  return withWidth(Math.max(1, width), ratio);
}

function fitsIn(size: Size, source: Size, rotate: number): boolean {
  const extent = turnedExtent(size, rotate);
  return extent.width <= source.width + EPSILON_PX && extent.height <= source.height + EPSILON_PX;
}

/** A box of the wanted size and ratio about another's centre, shrunk to fit and moved inside. */
function withSize(around: Box, wanted: Size, source: Size, rotate: number, ratio: Ratio): Box {
  const { width, height } = fitsIn(wanted, source, rotate) ? wanted : largest(source, rotate, ratio);
  const x = Math.floor((2 * around.x + around.width - width) / 2);
  const y = Math.floor((2 * around.y + around.height - height) / 2);
  return clampInside({ x, y, width, height }, source, rotate);
}

/** The box moved to where the rules of a frame, or of a picture that lies askew in it, allow it. */
function keepInside(box: Box, { frame, askew }: Limits): Box {
  return askew ? clampInside(box, askew.source, askew.rotate) : clampInside(box, frame, 0);
}

/** The smallest size that keeps ratio and minimum, or the largest possible one where the frame is too small for it. */
export function smallest({ frame, ratio, minimum }: Limits): Size {
  const most = largestSize(frame, ratio);
  const byWidth = ratio === null ? minimum : withWidth(minimum.width, ratio);
  const byHeight = ratio === null ? minimum : withHeight(minimum.height, ratio);
  const width = Math.max(byWidth.width, byHeight.width);
  const height = Math.max(byWidth.height, byHeight.height);
  return { width: clamp(width, 1, most.width), height: clamp(height, 1, most.height) };
}

export function middle(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

export function isBelow(box: Size, minimum: Size): boolean {
  return box.width < minimum.width || box.height < minimum.height;
}

/** The box, or where it is smaller than the rules want, the smallest one about its middle. */
export function atLeast(box: Box, limits: Limits): Box {
  const least = smallest(limits);
  if (!isBelow(box, least)) return box;
  const x = Math.round(box.x + (box.width - least.width) / 2);
  const y = Math.round(box.y + (box.height - least.height) / 2);
  return keepInside({ x, y, ...least }, limits);
}

/** The box moved by a distance, stopping at the picture's edges. */
export function moveBy(box: Box, by: Point, limits: Limits): Box {
  return keepInside({ ...box, x: Math.round(box.x + by.x), y: Math.round(box.y + by.y) }, limits);
}

/** The box as dragged by a handle: the opposite side or corner stays; ratio, minimum and frame are kept. */
export function resizeBy(box: Box, edge: Edge, by: Point, limits: Limits): Box {
  const pulls = {
    west: edge.includes("w"),
    north: edge.includes("n"),
    east: edge.includes("e"),
    south: edge.includes("s"),
  };
  const wanted = {
    width: box.width + (pulls.east ? by.x : pulls.west ? -by.x : 0),
    height: box.height + (pulls.south ? by.y : pulls.north ? -by.y : 0),
  };
  const right = box.x + box.width;
  const bottom = box.y + box.height;
  const { frame, ratio } = limits;
  const room = {
    width: pulls.west ? right : frame.width - box.x,
    height: pulls.north ? bottom : frame.height - box.y,
  };
  if (ratio !== null && edge.length === 1) return resizeSide(box, edge, wanted, room, limits);
  const { width, height } = sizeWithin(wanted, edge, room, limits);
  const resized = { x: pulls.west ? right - width : box.x, y: pulls.north ? bottom - height : box.y, width, height };
  return keepInside(resized, limits);
}

/** With a ratio, a side's handle moves the two sides beside it as well: evenly, and as far as the frame goes. */
function resizeSide(box: Box, edge: Edge, wanted: Size, room: Size, limits: Limits): Box {
  const { frame } = limits;
  const isVertical = edge === "n" || edge === "s";
  const free = isVertical ? { ...room, width: frame.width } : { ...room, height: frame.height };
  const { width, height } = sizeWithin(wanted, edge, free, limits);
  const x = isVertical ? box.x + (box.width - width) / 2 : edge === "w" ? box.x + box.width - width : box.x;
  const y = isVertical ? (edge === "n" ? box.y + box.height - height : box.y) : box.y + (box.height - height) / 2;
  return keepInside({ x: Math.round(x), y: Math.round(y), width, height }, limits);
}

/** The box with one side set by its number; the upper left corner stays where there is room. */
export function withSide(box: Box, side: "x" | "y" | "width" | "height", value: number, limits: Limits): Box {
  if (side === "x" || side === "y") return keepInside({ ...box, [side]: Math.round(value) }, limits);
  const most = largestSize(limits.frame, limits.ratio);
  const edge = side === "width" ? "e" : "s";
  const { width, height } = sizeWithin({ ...box, [side]: value }, edge, most, limits);
  return keepInside({ x: box.x, y: box.y, width, height }, limits);
}

/** The whole-pixel size nearest to the wanted one that keeps the rules within a room. */
function sizeWithin(wanted: Size, edge: Edge, room: Size, limits: Limits): Size {
  const { ratio } = limits;
  const least = smallest(limits);
  const most = largestSize(room, ratio);
  if (ratio === null) {
    return {
      width: clamp(Math.round(wanted.width), Math.min(least.width, most.width), most.width),
      height: clamp(Math.round(wanted.height), Math.min(least.height, most.height), most.height),
    };
  }
  if (least.width > room.width || least.height > room.height) return most;
  const nearest = sizeInRatio(wanted, edge, ratio);
  const inRoom = nearest.width > most.width || nearest.height > most.height ? most : nearest;
  // Side by side, as rounding one from the other may have left the bounds by a pixel.
  return { width: Math.max(inRoom.width, least.width), height: Math.max(inRoom.height, least.height) };
}

/** The wanted size with one side made from the other: from the dragged one, or at a corner from the larger. */
function sizeInRatio(wanted: Size, edge: Edge, ratio: Ratio): Size {
  const byHeight = (wanted.height * ratio.width) / ratio.height;
  if (edge === "n" || edge === "s") return withHeight(Math.round(wanted.height), ratio);
  const width = edge.length === 1 ? wanted.width : Math.max(wanted.width, byHeight);
  return withWidth(Math.round(width), ratio);
}

function withWidth(width: number, ratio: Ratio): Size {
  return { width, height: Math.max(1, divide(width * ratio.height, ratio.width)) };
}

function withHeight(height: number, ratio: Ratio): Size {
  return { width: Math.max(1, divide(height * ratio.width, ratio.height)), height };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** Whole-number division, half rounded up, exact where `Math.round(a / b)` would round twice. */
function divide(dividend: number, divisor: number): number {
  return Math.floor((2 * dividend + divisor) / (2 * divisor));
}
