import type { Selection } from "./geometry";

/** More than anybody takes back. */
const MOST = 100;

/** The crops that there were, in order, and which of them is shown. Kept for the tab, so that a reload forgets none. */
export class CropHistory {
  readonly #key: string;
  #steps: Selection[];
  #at: number;

  /** `key` names the picture and its crop: steps of another picture are no steps of this one. */
  constructor(key: string, now: Selection) {
    this.#key = key;
    const kept = read(key);
    const isContinued = kept !== null && same(kept.steps[kept.at], now);
    [this.#steps, this.#at] = isContinued ? [kept.steps, kept.at] : [[now], 0];
  }

  get canUndo(): boolean {
    return this.#at > 0;
  }

  get canRedo(): boolean {
    return this.#at < this.#steps.length - 1;
  }

  /** A change was finished: what had been taken back before it cannot be brought again. */
  add(selection: Selection): void {
    if (same(this.#steps[this.#at], selection)) return;
    this.#steps = [...this.#steps.slice(0, this.#at + 1), selection].slice(-MOST);
    this.#at = this.#steps.length - 1;
    this.#keep();
  }

  /** The crop before the one that is shown (-1), or after it (1). */
  go(by: -1 | 1): Selection | null {
    const step = this.#steps[this.#at + by];
    if (!step) return null;
    this.#at += by;
    this.#keep();
    return step;
  }

  #keep(): void {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify({ steps: this.#steps, at: this.#at }));
    } catch {
      // Full or forbidden: the history then ends with the page.
    }
  }
}

export function same(one: Selection | undefined, other: Selection): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function read(key: string): { steps: Selection[]; at: number } | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
