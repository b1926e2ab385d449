/** Which uploads begin when: three at once, in the order in which they were chosen. Times are milliseconds. */

export const AT_ONCE = 3;

export type Phase = "waiting" | "sending" | "received" | "processing" | "stored" | "refused" | "failed";

export interface Scheduled {
  readonly phase: Phase;
  /** A waiting one does not begin before. */
  readonly readyAt: number;
}

export function isUnderWay({ phase }: Scheduled): boolean {
  return phase === "sending" || phase === "received" || phase === "processing";
}

/** Those to begin now. One that pauses after a failure lets those behind it go first. */
export function toBegin<T extends Scheduled>(uploads: readonly T[], now: number): T[] {
  const places = AT_ONCE - uploads.filter(isUnderWay).length;
  return uploads.filter(({ phase, readyAt }) => phase === "waiting" && readyAt <= now).slice(0, Math.max(places, 0));
}

/** When the next pause ends; null if none is on. */
export function nextPauseEnd(uploads: readonly Scheduled[], now: number): number | null {
  const ends = uploads.filter(({ phase, readyAt }) => phase === "waiting" && readyAt > now);
  return ends.length > 0 ? Math.min(...ends.map(({ readyAt }) => readyAt)) : null;
}
