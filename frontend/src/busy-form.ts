/**
 * `<busy-form>`: blocks a second press while its form is on the way.
 *
 * The buttons are not `disabled`: the pressed one keeps its label, its focus and its value, which the server is to get.
 */
export class BusyForm extends HTMLElement {
  #abort: AbortController | null = null;
  #isBusy = false;

  connectedCallback(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.addEventListener("submit", (event) => this.#submit(event), { signal });
    // A page that comes back from the browser's memory comes back as it was left: busy.
    window.addEventListener("pageshow", () => this.#mark(null), { signal });
  }

  disconnectedCallback(): void {
    this.#abort?.abort();
  }

  #submit(event: SubmitEvent): void {
    // Handlers further in have been asked first: what they took over is no submit of the page.
    if (event.defaultPrevented) return;
    if (this.#isBusy) event.preventDefault();
    else this.#mark(event);
  }

  #mark(event: SubmitEvent | null): void {
    this.#isBusy = event !== null;
    for (const button of this.querySelectorAll<HTMLButtonElement>("button:not([type=button])")) {
      if (event) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-busy");
    }
    event?.submitter?.setAttribute("aria-busy", "true");
  }
}
