/** How long to wait before sending again what failed for no reason of its own. All times are milliseconds. */

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;
const MOST_FAILURES = 6;

/**
 * The pause after so many failures: 1, 2, 4, 8, 16, 30 seconds, but never less than the site asked for.
 * Null when it has been tried often enough: then a person decides.
 */
export function pauseAfter(failures: number, askedMs = 0): number | null {
  if (failures > MOST_FAILURES) return null;
  return Math.max(Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS), askedMs);
}

/**
 * The pause that a `Retry-After` header asks for: seconds, or a date; 0 for none.
 * Source: RFC 9110, section 10.2.3.
 */
export function retryAfterMs(header: string | null, nowMs: number): number {
  const text = header?.trim() ?? "";
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(asked) ? Math.max(asked, 0) : 0;
}

/** Whether an answer says "not now" rather than "no". A full disk (507) is nothing that passes in seconds. */
export function isWorthRepeating(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 507);
}
