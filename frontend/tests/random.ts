/** A small seeded generator, so that a failing property fails again. Source: the xorshift32 of Marsaglia (2003). */
export function random(seed: number): {
  whole: (least: number, most: number) => number;
  pick: <T>(of: readonly T[]) => T;
} {
  let state = seed;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return { whole, pick: (of) => of[whole(0, of.length - 1)] as (typeof of)[number] };
}
