/** All uploads of one go together. */

export interface Counted {
  readonly bytes: number;
  /** 0 to 1. */
  readonly part: number;
  /** Added or refused: nothing is left to do. */
  readonly isOver: boolean;
}

export interface Total {
  readonly over: number;
  readonly all: number;
  readonly part: number;
}

/** A large file counts for more than a small one; an empty one counts for something. */
export function totalOf(uploads: readonly Counted[]): Total {
  const weights = uploads.map(({ bytes }) => Math.max(bytes, 1));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const done = uploads.reduce((sum, { part, isOver }, index) => sum + (weights[index] ?? 0) * (isOver ? 1 : part), 0);
  return {
    over: uploads.filter(({ isOver }) => isOver).length,
    all: uploads.length,
    part: whole > 0 ? done / whole : 0,
  };
}
