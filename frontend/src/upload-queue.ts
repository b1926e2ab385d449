import { CallOff } from "./call-off";
import { placeCards } from "./card-place";
import { receiveFiles } from "./drop-zone";
import { focusOn } from "./focus";
import { type Answer, postForFragment } from "./fragment";
import { LeaveQuestion } from "./leave-question";
import { QueueRow } from "./queue-row";
import { QueueSummary } from "./queue-summary";
import { tellOtherTabs } from "./sheet-news";
import { type Outcome, type Request, tell } from "./transport";
import { Upload } from "./upload";
import { nextPauseEnd, toBegin } from "./upload-schedule";

/** How long a row that is done is to be seen, and how often a pause is told. */
const DONE_MS = 900;
const TELL_MS = 500;

/**
 * `<upload-queue>`: the form that adds pictures, sending each file by itself as soon as it is chosen.
 *
 * Files come from the file field, from a drop on its label or from the clipboard, three go at once, and one that is refused
 * or lost leaves the others alone. The answer is a card, put among `#cards` in the order of choosing, or a refusal, put
 * in the row's place. Attributes: `data-max-bytes`, `data-max-files`, `data-progress-url`, `data-cancel-url`, and
 * `data-begin-url` for a visitor who has no session yet. Fires `upload-queue:added` with the cards as its detail, and
 * `upload-queue:cancelled` when what the site may have had of a cancelled file is gone.
 */
export class UploadQueue extends HTMLElement {
  #abort: AbortController | null = null;
  readonly #summary = new QueueSummary(this);
  readonly #leave = new LeaveQuestion();
  readonly #callOff = new CallOff(() => this.#calledOff());
  readonly #rows = new Map<Element, QueueRow>();
  /** The uploads since the queue was last empty: what the total counts. */
  #batch: Upload[] = [];
  #beginning: Promise<Outcome> | null = null;
  #chosenAt = 0;
  #timer = 0;

  connectedCallback(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.addEventListener("change", ({ target }) => target === this.#input && this.#take(), { signal });
    this.addEventListener("submit", (event) => this.#submit(event), { signal });
    this.addEventListener("click", (event) => this.#clicked(event), { signal });
    window.addEventListener("online", () => this.#resume(), { signal });
    window.addEventListener("offline", () => this.#show(), { signal });
    receiveFiles(
      {
        host: this,
        zone: `label[for="${this.#input.id}"]`,
        mostOfFolder: Number(this.dataset.maxFiles),
        onFiles: (files) => this.#add(files),
        onNotice: (notice) => this.#list.append(this.#notice(notice)),
      },
      signal,
    );
    // A row of the last visit would be sent again by a browser that restores the field's files.
    this.#input.value = "";
  }

  disconnectedCallback(): void {
    this.#abort?.abort();
    this.#leave.turn(false);
    clearTimeout(this.#timer);
    for (const row of this.#rows.values()) {
      row.upload.abort();
      row.remove();
    }
    this.#rows.clear();
  }

  #submit(event: SubmitEvent): void {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    if (form === this.#form) this.#take();
    else void this.#keepBoth(form);
  }

  /** Take the field's files over. It is emptied, so that the same file can be chosen again. */
  #take(): void {
    this.#add([...(this.#input.files ?? [])]);
    this.#input.value = "";
  }

  #clicked({ target }: Event): void {
    if (!(target instanceof Element)) return;
    const item = target.closest("li");
    const row = item && this.#rows.get(item);
    if (target.closest("[data-cancel-all]")) this.#cancelAll();
    else if (row && target.closest("[data-cancel]")) this.#cancel(row);
    else if (row && target.closest("[data-retry]")) this.#retry(row);
    else if (item && target.closest("[data-dismiss]")) this.#takeOut(item, () => item.remove());
  }

  #add(files: readonly File[]): void {
    if (this.#active.length === 0) this.#batch = [];
    for (const file of files) {
      if (file.size > Number(this.dataset.maxBytes)) this.#list.append(this.#notice("too-large", file.name));
      else this.#enqueue(file);
    }
    this.#next();
  }

  #enqueue(file: File): void {
    this.#chosenAt = Math.max(Date.now(), this.#chosenAt + 1);
    const upload: Upload = new Upload(file, this.#chosenAt, () => this.#show());
    const row = new QueueRow(this.#part<HTMLTemplateElement>("template[data-row]"), upload);
    this.#batch.push(upload);
    this.#rows.set(row.element, row);
    this.#list.append(row.element);
  }

  /** Begin whatever may begin now, and look again when the next pause ends. */
  #next(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    if (navigator.onLine) for (const upload of toBegin(this.#batch, now)) void this.#send(upload);
    const pauseEnd = nextPauseEnd(this.#batch, now);
    if (pauseEnd !== null) this.#timer = window.setTimeout(() => this.#next(), Math.min(pauseEnd - now, TELL_MS));
    this.#show();
  }

  async #send(upload: Upload): Promise<void> {
    await upload.send({
      begin: () => this.#begin(),
      progressUrl: (id) => (this.dataset.progressUrl ?? "").replace(/[0-9a-f-]{36}/, id),
      requestOf: (each) => this.#requestOf(each),
    });
    const row = [...this.#rows.values()].find((each) => each.upload === upload);
    if (row) this.#end(row);
    this.#next();
  }

  #requestOf({ file, key, chosenAt }: Upload): Request {
    const body = new FormData(this.#form);
    body.set(this.#input.name, file, file.name);
    body.set("chosen_at", String(chosenAt));
    return { url: this.#form.action, body, headers: { "Idempotency-Key": key } };
  }

  /** A new visitor's session: without it each of several uploads would get one of its own. */
  async #begin(): Promise<Outcome> {
    const url = this.dataset.beginUrl;
    if (!url) return { kind: "answer", answer: { status: 204, content: new DocumentFragment() }, retryAfter: null };
    this.#beginning ??= tell({ url, body: this.#token, headers: {} });
    const outcome = await this.#beginning;
    this.#beginning = null;
    if (outcome.kind === "answer" && outcome.answer.status === 204) delete this.dataset.beginUrl;
    return outcome;
  }

  #end(row: QueueRow): void {
    const { phase, answer, file } = row.upload;
    if (phase === "failed") this.#summary.say("failed", file.name);
    if (phase === "refused") this.#refuse(row, [...(answer?.content.querySelectorAll("li.refusal") ?? [])]);
    if (phase === "stored") {
      const cards = this.#place(answer, row.upload.chosenAt);
      if (row.hasFocus) focusOn(cards[0]);
      this.#summary.say("added", file.name);
      this.#rows.delete(row.element);
      window.setTimeout(() => row.remove(), DONE_MS);
    }
  }

  #refuse(row: QueueRow, refusals: readonly Element[]): void {
    const { hasFocus } = row;
    this.#rows.delete(row.element);
    row.remove(...refusals);
    if (hasFocus) focusOn(refusals[0]);
    this.#summary.say("refused", row.upload.file.name);
  }

  /** Put the cards of an answer on the sheet, and tell whoever counts them or looks at them elsewhere. */
  #place(answer: Answer | null, chosenAt: number): HTMLElement[] {
    const cards = placeCards([...(answer?.content.querySelectorAll<HTMLElement>("li.card") ?? [])], chosenAt);
    if (cards.length > 0) {
      this.dispatchEvent(new CustomEvent("upload-queue:added", { bubbles: true, detail: cards }));
      tellOtherTabs();
    }
    return cards;
  }

  /** A refusal of what is there already offers to add it a second time; the other rows stay as they are. */
  async #keepBoth(form: HTMLFormElement): Promise<void> {
    if (form.ariaBusy) return;
    form.ariaBusy = "true";
    const answer = await postForFragment(form.action, new FormData(form));
    form.ariaBusy = null;
    const [card] = this.#place(answer, Date.now());
    if (card) {
      form.closest("li")?.remove();
      focusOn(card);
    } else if (answer) form.replaceWith(answer.content);
    else form.submit();
  }

  #retry(row: QueueRow): void {
    row.upload.retry();
    row.focus();
    this.#next();
  }

  #resume(): void {
    for (const upload of this.#batch) upload.readyAt = 0;
    this.#next();
  }

  #cancel(row: QueueRow): void {
    this.#takeOut(row.element, () => this.#drop(row));
    this.#summary.say("cancelled", row.upload.file.name);
    this.#next();
  }

  #cancelAll(): void {
    for (const row of [...this.#rows.values()]) this.#drop(row);
    this.#summary.say("cancelled-all", "");
    this.#input.focus();
    this.#next();
  }

  #drop(row: QueueRow): void {
    row.upload.abort();
    this.#rows.delete(row.element);
    this.#batch = this.#batch.filter((each) => each !== row.upload);
    row.remove();
    if (row.upload.mayHaveArrived) void this.#callOff.tell(this.dataset.cancelUrl ?? "", row.upload.key, this.#token);
  }

  #calledOff(): void {
    this.dispatchEvent(new CustomEvent("upload-queue:cancelled", { bubbles: true }));
    tellOtherTabs();
    this.#show();
  }

  /** Remove an item of the list; the focus goes to its neighbour, or back to where files are chosen. */
  #takeOut(item: Element, remove: () => void): void {
    const stays = [...this.#list.children].filter(
      (each) => each === item || this.#rows.has(each) || each.matches(".refusal"),
    );
    const place = stays.indexOf(item);
    const neighbour = stays[place + 1] ?? stays[place - 1];
    remove();
    focusOn(neighbour ?? this.#input);
  }

  #show(): void {
    const now = performance.now();
    for (const row of this.#rows.values()) row.show(now);
    const isActive = this.#active.length > 0;
    this.#summary.show(this.#batch, isActive);
    this.#leave.turn(isActive || this.#callOff.isUnderWay);
  }

  /** A line of the list that says why a file, or what was dropped, is not sent at all. */
  #notice(kind: string, name = ""): Node {
    const template = this.#part<HTMLTemplateElement>(`template[data-notice="${kind}"]`);
    const notice = document.importNode(template.content, true);
    for (const place of notice.querySelectorAll("[data-name]")) place.textContent = name;
    return notice;
  }

  get #active(): Upload[] {
    return this.#batch.filter(({ phase }) => !["stored", "refused", "failed"].includes(phase));
  }

  /** The form's token alone. */
  get #token(): FormData {
    const token = new FormData();
    token.set("csrfmiddlewaretoken", this.#part<HTMLInputElement>("[name=csrfmiddlewaretoken]").value);
    return token;
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

  #part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const element = this.querySelector<T>(selector);
    if (!element) throw new TypeError(`<upload-queue> has no ${selector}.`);
    return element;
  }
}
