import type { Answer } from "./fragment";
import { QueueRow } from "./queue-row";
import { send } from "./transport";

/**
 * `<upload-queue>`: the form that adds pictures, sending each file by itself as soon as it is chosen.
 *
 * Files come from the file field, from a drop on its label or from the clipboard, and go one after another, so that one
 * that is refused or lost leaves the others alone. The answer is a card, put at the end of `#cards`, or a refusal, put in the
 * row's place. Attributes: `data-max-bytes`. Fires `upload-queue:added` with the cards as its detail.
 */
export class UploadQueue extends HTMLElement {
  #abort: AbortController | null = null;
  readonly #rows = new Map<Element, QueueRow>();
  #sending: { readonly row: QueueRow; readonly abort: AbortController } | null = null;

  connectedCallback(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.addEventListener("change", (event) => this.#chosen(event), { signal });
    this.addEventListener("submit", (event) => this.#submit(event), { signal });
    this.addEventListener("click", (event) => this.#clicked(event), { signal });
    document.addEventListener("dragover", (event) => this.#dragged(event), { signal });
    document.addEventListener("drop", (event) => this.#dropped(event), { signal });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? this.#markOver(false), { signal });
    document.addEventListener("paste", (event) => this.#pasted(event), { signal });
    // A row of the last visit would be sent again by a browser that restores the field's files.
    this.#input.value = "";
  }

  disconnectedCallback(): void {
    this.#abort?.abort();
    this.#sending?.abort.abort();
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
  }

  #chosen({ target }: Event): void {
    if (target === this.#input) this.#take();
  }

  #submit(event: SubmitEvent): void {
    // A refusal may have a form of its own, which is the page's to send.
    if (event.target !== this.#form) return;
    event.preventDefault();
    this.#take();
  }

  /** Take the field's files over. It is emptied, so that the same file can be chosen again. */
  #take(): void {
    this.#add([...(this.#input.files ?? [])]);
    this.#input.value = "";
  }

  #dragged(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const isOver = this.#isOnZone(event);
    event.dataTransfer.dropEffect = isOver ? "copy" : "none";
    this.#markOver(isOver);
  }

  /** Files dropped beside the zone are not opened by the browser, which would leave the page. */
  #dropped(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.#markOver(false);
    if (this.#isOnZone(event)) this.#add([...event.dataTransfer.files]);
  }

  #pasted(event: ClipboardEvent): void {
    const isText =
      event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]") !== null;
    const pictures = [...(event.clipboardData?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
    if (isText || pictures.length === 0) return;
    event.preventDefault();
    this.#add(pictures);
  }

  #clicked({ target }: Event): void {
    if (!(target instanceof Element)) return;
    const row = this.#rows.get(target.closest("[data-queue] > *") ?? this);
    if (!row) return;
    if (target.closest("[data-cancel]")) this.#cancel(row);
    else if (target.closest("[data-retry]")) this.#retry(row);
  }

  #add(files: readonly File[]): void {
    for (const file of files) {
      const row = new QueueRow(this.#template("template[data-row]"), file);
      this.#list.append(row.element);
      const refusal = this.#refusalOfSize(file);
      if (refusal) row.remove(refusal);
      else this.#rows.set(row.element, row);
    }
    void this.#next();
  }

  /** Say at once what the server would say after minutes: that a file is over the limit. */
  #refusalOfSize(file: File): Node | null {
    const template = this.querySelector<HTMLTemplateElement>("template[data-too-large]");
    if (!template || file.size <= Number(this.dataset.maxBytes)) return null;
    const refusal = document.importNode(template.content, true);
    const name = refusal.querySelector("[data-name]");
    if (name) name.textContent = file.name;
    return refusal;
  }

  #retry(row: QueueRow): void {
    row.retry();
    void this.#next();
  }

  #cancel(row: QueueRow): void {
    const neighbour =
      this.#rows.get(row.element.nextElementSibling ?? this) ??
      this.#rows.get(row.element.previousElementSibling ?? this);
    if (this.#sending?.row === row) this.#sending.abort.abort();
    this.#forget(row);
    if (neighbour) neighbour.focus();
    else this.#input.focus();
  }

  /** Send the first waiting file, then the one after it. */
  async #next(): Promise<void> {
    const row = [...this.#rows.values()].find(({ state }) => state === "waiting");
    if (this.#sending || !row) return;
    const abort = new AbortController();
    this.#sending = { row, abort };
    row.state = "sending";
    try {
      this.#settle(row, await send(this.#form.action, this.#bodyOf(row.file), progressOf(row), abort.signal));
    } catch {
      // Cancelled: the row is gone.
    }
    this.#sending = null;
    void this.#next();
  }

  #bodyOf(file: File): FormData {
    const body = new FormData(this.#form);
    body.set(this.#input.name, file, file.name);
    return body;
  }

  #settle(row: QueueRow, answer: Answer | null): void {
    const cards = [...(answer?.content.querySelectorAll<HTMLElement>("li.card") ?? [])];
    const refusals = [...(answer?.content.querySelectorAll<HTMLElement>("li.refusal") ?? [])];
    if (cards.length + refusals.length === 0) {
      row.fail(answer?.content.querySelector(".problem, .errors") ?? null);
      return;
    }
    row.state = "ready";
    this.#forget(row, ...refusals);
    if (cards.length === 0) return;
    const sheet = document.querySelector("#cards");
    const isFirst = sheet?.childElementCount === 0;
    sheet?.append(...cards);
    // Only the first: later ones would move the page under somebody who has begun to work on it.
    if (isFirst) cards[0]?.scrollIntoView({ block: "nearest" });
    this.dispatchEvent(new CustomEvent("upload-queue:added", { bubbles: true, detail: cards }));
  }

  #forget(row: QueueRow, ...replacements: Node[]): void {
    this.#rows.delete(row.element);
    row.remove(...replacements);
  }

  #isOnZone({ target }: Event): boolean {
    return target instanceof Element && target.closest(`label[for="${this.#input.id}"]`) !== null;
  }

  #markOver(isOver: boolean): void {
    this.toggleAttribute("data-over", isOver);
  }

  get #form(): HTMLFormElement {
    return this.#part<HTMLFormElement>("form");
  }

  get #input(): HTMLInputElement {
    return this.#part<HTMLInputElement>("input[type=file]");
  }

  get #list(): HTMLElement {
    return this.#part("[data-queue]");
  }

  #template(selector: string): HTMLTemplateElement {
    return this.#part<HTMLTemplateElement>(selector);
  }

  #part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const element = this.querySelector<T>(selector);
    if (!element) throw new TypeError(`<upload-queue> has no ${selector}.`);
    return element;
  }
}

function progressOf(row: QueueRow): Parameters<typeof send>[2] {
  return {
    onProgress: (part) => {
      row.progress = part;
    },
    onSent: () => {
      row.state = "processing";
    },
  };
}
