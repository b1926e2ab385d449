import type { Selection } from "./geometry";

/** More than anybody takes back. */
const MOST = 100;

interface Kept {
  readonly steps: Selection[];
  readonly at: number;
  /** The draft's revision over which the crop at hand was made, while the site is not known to have saved it. */
  readonly unsavedOver: number | null;
}

/** The crops that there were, in order, and which of them is shown. Kept for the tab, so that a reload forgets none. */
export class CropHistory {
  readonly #key: string;
  #steps: Selection[];
  #at: number;
  #revision: number;
  #isUnsaved = false;

  /**
   * `key` names the picture and its crop: steps of another picture are no steps of this one. `now` is the crop that the
   * page came with, of a draft of that revision.
   */
  constructor(key: string, now: Selection, revision: number) {
    [this.#key, this.#revision] = [key, revision];
    const kept = read(key);
    const isContinued = kept !== null && (same(kept.steps[kept.at], now) || isOvertaken(kept, now, revision));
    [this.#steps, this.#at] = isContinued ? [kept.steps, kept.at] : [[now], 0];
    this.#isUnsaved = !same(this.current, now);
    if (isContinued) this.#keep();
  }

  /** The crop at hand: after a reload that was faster than the last change, not the one that the page came with. */
  get current(): Selection {
    return this.#steps[this.#at] as Selection;
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
    this.#isUnsaved = true;
    this.#keep();
  }

  /** The crop before the one that is shown (-1), or after it (1). */
  go(by: -1 | 1): Selection | null {
    const step = this.#steps[this.#at + by];
    if (!step) return null;
    this.#at += by;
    this.#isUnsaved = true;
    this.#keep();
    return step;
  }

  /** The site has answered: the draft has this revision, if it was changed; the crop at hand was saved or refused, or not yet. */
  settle(revision: number | null, isUnsaved: boolean): void {
    this.#revision = revision ?? this.#revision;
    this.#isUnsaved = isUnsaved;
    this.#keep();
  }

  #keep(): void {
    const unsavedOver = this.#isUnsaved ? this.#revision : null;
    try {
      sessionStorage.setItem(this.#key, JSON.stringify({ steps: this.#steps, at: this.#at, unsavedOver }));
    } catch {
      // Full or forbidden: the history then ends with the page.
    }
  }
}

export function same(one: Selection | undefined, other: Selection): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Whether a page came before what this tab did last was saved: it shows an earlier step, of the draft as this tab knew it,
 * or one change later, as the request that was under way then made it.
 */
function isOvertaken({ steps, unsavedOver }: Kept, now: Selection, revision: number): boolean {
  const isOurs = typeof unsavedOver === "number" && revision <= unsavedOver + 1;
  return isOurs && steps.some((step) => same(step, now));
}

function read(key: string): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
