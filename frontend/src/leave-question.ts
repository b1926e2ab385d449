/** Asks before the page is left, while that would lose something. */
export class LeaveQuestion {
  #abort: AbortController | null = null;

  /** Listen only while it is needed: browsers do not keep a page that may ask for going back to. */
  turn(isOn: boolean): void {
    if (isOn === (this.#abort !== null)) return;
    this.#abort?.abort();
    this.#abort = isOn ? new AbortController() : null;
    if (!this.#abort) return;
    const { signal } = this.#abort;
    window.addEventListener("beforeunload", (event) => event.preventDefault(), { signal });
  }
}
