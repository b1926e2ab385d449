export type RowState = "waiting" | "sending" | "processing" | "ready" | "failed";

/** One file on its way: a row made from the page's template, whose words belong to states that the stylesheet shows. */
export class QueueRow {
  readonly file: File;
  readonly element: HTMLElement;
  #picture: string | null = null;
  #reason: Element | null = null;

  constructor(template: HTMLTemplateElement, file: File) {
    const row = document.importNode(template.content, true).firstElementChild;
    if (!(row instanceof HTMLElement)) throw new TypeError("The row's template is empty.");
    [this.file, this.element] = [file, row];
    this.#part("[data-name]").textContent = file.name;
    this.#showPicture();
    this.state = "waiting";
  }

  get state(): RowState {
    return this.element.dataset.state as RowState;
  }

  set state(state: RowState) {
    this.element.dataset.state = state;
    const bar = this.#part<HTMLProgressElement>("progress");
    // Received but not answered: a bar without a value, which says that how long is not known.
    if (state === "processing") bar.removeAttribute("value");
    else if (state === "waiting") this.progress = 0;
  }

  /** Part of the file that has left the browser, 0 to 1. */
  set progress(part: number) {
    const percent = Math.floor(part * 100);
    this.#part<HTMLProgressElement>("progress").value = percent;
    this.#part("[data-percent]").textContent = new Intl.NumberFormat(document.documentElement.lang || undefined, {
      style: "percent",
    }).format(percent / 100);
  }

  focus(): void {
    this.#part(this.state === "failed" ? "[data-retry]" : "[data-cancel]").focus();
  }

  /** Not sent, for a reason that the site gave, or for none that is known. */
  fail(reason: Element | null): void {
    this.state = "failed";
    if (reason) this.#part("[data-name]").after(reason);
    this.#reason = reason;
  }

  retry(): void {
    this.#reason?.remove();
    this.state = "waiting";
    this.focus();
  }

  /** Take the row away, for good or for what stands in its place. */
  remove(...replacements: Node[]): void {
    this.element.replaceWith(...replacements);
    if (this.#picture) URL.revokeObjectURL(this.#picture);
    this.#picture = null;
  }

  #showPicture(): void {
    const image = this.#part<HTMLImageElement>("[data-preview]");
    this.#picture = URL.createObjectURL(this.file);
    // What the browser cannot draw, HEIC perhaps, leaves an empty window rather than a broken one.
    image.addEventListener("error", () => image.removeAttribute("src"), { once: true });
    image.src = this.#picture;
  }

  #part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const element = this.element.querySelector<T>(selector);
    if (!element) throw new TypeError(`The row's template has no ${selector}.`);
    return element;
  }
}
