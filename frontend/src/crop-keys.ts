import { type Box, type Limits, middle, moveBy, type Point, resizeBy, type Size, withSide } from "./geometry";

/** What an arrow key asks of the selection: to move, or by its right and lower sides to grow, by so many pixels. */
export interface KeyStep {
  readonly kind: "move" | "resize";
  readonly by: Point;
}

/** What a button of the page asks of the selection; `centre` puts it into the picture's middle. */
export type Press = KeyStep | "centre";

type Key = Pick<KeyboardEvent, "key" | "altKey" | "ctrlKey" | "shiftKey" | "metaKey">;

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Arrows move by 10 pixels, with Alt by 1, with Ctrl by 100; with Shift they resize. Null for any other key. */
export function keyStep({ key, altKey, ctrlKey, shiftKey, metaKey }: Key): KeyStep | null {
  const direction = DIRECTIONS[key];
  if (direction === undefined || metaKey) return null;
  const pixels = altKey ? 1 : ctrlKey ? 100 : 10;
  return { kind: shiftKey ? "resize" : "move", by: { x: direction.x * pixels, y: direction.y * pixels } };
}

/** What a press of one of the arrow buttons, or of larger, smaller and centre, asks: a fiftieth of the picture at a time. */
export function pressStep(name: string, frame: Size): Press | null {
  if (name === "centre") return "centre";
  const pixels = Math.max(1, Math.round(Math.max(frame.width, frame.height) / 50));
  if (name === "larger" || name === "smaller") {
    const by = name === "larger" ? pixels : -pixels;
    return { kind: "resize", by: { x: by, y: by } };
  }
  const direction = DIRECTIONS[`Arrow${name}`];
  return direction ? { kind: "move", by: { x: direction.x * pixels, y: direction.y * pixels } } : null;
}

/** The box after a step: its right side gives way to one across, its lower side to one down, all sides to one of both. */
export function stepped(box: Box, step: Press, limits: Limits): Box {
  if (step === "centre") {
    const { width, height } = limits.frame;
    return moveBy(box, { x: (width - box.width) / 2 - box.x, y: (height - box.height) / 2 - box.y }, limits);
  }
  if (step.kind === "move") return moveBy(box, step.by, limits);
  if (step.by.x === 0 || step.by.y === 0) return resizeBy(box, step.by.x === 0 ? "s" : "e", step.by, limits);
  const wider = withSide(box, "width", box.width + step.by.x, limits);
  const grown = limits.ratio ? wider : withSide(wider, "height", box.height + step.by.y, limits);
  const [from, to] = [middle(grown), middle(box)];
  return moveBy(grown, { x: to.x - from.x, y: to.y - from.y }, limits);
}
