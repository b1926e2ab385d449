import type { Upload } from "./upload";

/**
 * The row of one upload, made from the page's template. Its words belong to states that the stylesheet shows: `data-state`
 * and, for what went wrong, `data-trouble`.
 */
export class QueueRow {
  readonly upload: Upload;
  readonly element: HTMLElement;
  #picture: string | null = null;

  constructor(template: HTMLTemplateElement, upload: Upload) {
    const row = document.importNode(template.content, true).firstElementChild;
    if (!(row instanceof HTMLElement)) throw new TypeError("The row's template is empty.");
    [this.upload, this.element] = [upload, row];
    const { name } = upload.file;
    for (const place of row.querySelectorAll("[data-name]")) place.textContent = name;
    this.#part("[data-group]").setAttribute("aria-label", name);
    const bar = this.#part("progress");
    bar.setAttribute("aria-label", (bar.ariaLabel ?? "").replace("{name}", name));
    this.#showPicture();
  }

  /** Show how the upload is; `now` is the time by which its pause is told. */
  show(now: number): void {
    const { phase, trouble, bar, readyAt } = this.upload;
    const secondsLeft = Math.ceil((readyAt - now) / 1000);
    this.element.dataset.state = stateOf(phase, secondsLeft);
    this.element.dataset.trouble = trouble ?? "";
    const percent = Math.floor(bar.value * 100);
    this.#part<HTMLProgressElement>("progress").value = percent;
    this.#write("[data-percent]", inPercent(percent));
    const again = this.#part("[data-again]");
    again.textContent = (again.dataset.again ?? "").replace("{seconds}", secondsLeft.toLocaleString(language()));
    this.#showReason();
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement);
  }

  /** Put the focus on the row, not on a button of it: a second press shall not be another row's. */
  focus(): void {
    this.#part("[data-group]").focus();
  }

  /** Take the row away, for good or for what stands in its place. */
  remove(...replacements: Node[]): void {
    this.element.replaceWith(...replacements);
    if (this.#picture) URL.revokeObjectURL(this.#picture);
    this.#picture = null;
  }

  /** What the site said, in place of the page's own words. */
  #showReason(): void {
    const { phase, trouble, answer } = this.upload;
    const place = this.#part("[data-reason]");
    const reason = phase === "failed" && trouble === "said" ? answer?.content.querySelector(".problem, .errors") : null;
    if (reason) place.replaceChildren(reason);
    else if (phase !== "failed") place.replaceChildren();
  }

  #write(selector: string, text: string): void {
    for (const place of this.element.querySelectorAll(selector)) {
      if (place.textContent !== text) place.textContent = text;
    }
  }

  #showPicture(): void {
    const image = this.#part<HTMLImageElement>("[data-preview]");
    this.#picture = URL.createObjectURL(this.upload.file);
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

function stateOf(phase: Upload["phase"], secondsLeft: number): string {
  if (phase !== "waiting") return phase;
  if (!navigator.onLine) return "offline";
  return secondsLeft > 0 ? "pausing" : "waiting";
}

export function inPercent(percent: number): string {
  return new Intl.NumberFormat(language(), { style: "percent" }).format(percent / 100);
}

function language(): string | undefined {
  return document.documentElement.lang || undefined;
}
