import type { Point } from "./geometry";

/** What an arrow key asks of the selection: to move, or by its right and lower sides to grow, by so many pixels. */
export interface KeyStep {
  readonly kind: "move" | "resize";
  readonly by: Point;
}

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
