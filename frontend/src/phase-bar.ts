/** Where one phase of an upload ends on its bar. Most of it is sending: what a person waits for on a slow line. */
const SENT = 0.8;
const RECEIVED = 0.9;
const WORKED = 0.99;
/** However often a file is sent again, the bar is not full before its time. */
const ALMOST = 0.999;
/** After so long two thirds of the last stretch are gone; a usual picture is answered sooner. */
const WORK_MS = 2000;

/**
 * One bar, 0 to 1, over all phases of an upload. It never goes back, also when the file is sent again, and is full only
 * when the picture is on the sheet.
 */
export class PhaseBar {
  #value = 0;
  #start = 0;

  get value(): number {
    return this.#value;
  }

  /** Part of the body that has left the browser. */
  sent(part: number): void {
    this.#reach(SENT * part);
  }

  /** Part of the body that has arrived at the site. */
  received(part: number): void {
    this.#reach(SENT + (RECEIVED - SENT) * part);
  }

  /** The site has been at work for so long; how long it will take is not known, so that the bar slows but never stands. */
  worked(ms: number): void {
    this.#reach(RECEIVED + (WORKED - RECEIVED) * (1 - Math.exp(-ms / WORK_MS)));
  }

  stored(): void {
    this.#value = 1;
  }

  /** The file is sent again: what is left of the bar is the new attempt's. */
  again(): void {
    this.#start = this.#value;
  }

  #reach(part: number): void {
    const reached = this.#start + (1 - this.#start) * part;
    this.#value = Math.max(this.#value, Math.min(reached, ALMOST));
  }
}
