import { BusyForm } from "./busy-form";
import { tieErrors } from "./form-errors";
import { fetchFragment, postForFragment } from "./fragment";
import { mergeCards } from "./sheet-merge";
import { hearOtherTabs } from "./sheet-news";
import { forgetTyped, keepTyped, restoreTyped, shownIn } from "./typed-texts";

/** After so long without a key, what was typed is saved. */
const PAUSE_MS = 1000;

/**
 * `<sheet-form>`: the cards, and the one main action, which names how many of them it stores.
 *
 * Attributes: `data-one`, `data-many`: that action's words, with `%d` for the count; `data-url`: where the sheet is. Texts
 * are saved whenever a field is left or typing pauses, by the address of the card's own button for it. What changes in
 * another tab is followed, but for cards in which somebody is at work: then the page says so.
 */
export class SheetForm extends BusyForm {
  #abort: AbortController | null = null;
  #pause = 0;
  #typedIn: Element | null = null;
  /** The last post: the next one waits for it, so that the latest texts are those that stay. */
  #saving: Promise<void> = Promise.resolve();

  override connectedCallback(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.addEventListener("change", (event) => this.#changed(event), { signal });
    this.addEventListener("input", (event) => this.#typed(event), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#pause));
    // Before the listener of BusyForm, which leaves alone what is taken over here.
    this.addEventListener("submit", (event) => this.#submit(event), { signal });
    document.addEventListener("upload-queue:added", () => this.#count(), { signal });
    document.addEventListener("upload-queue:cancelled", () => void this.#follow(), { signal });
    hearOtherTabs(() => void this.#follow(), signal);
    window.addEventListener("pageshow", ({ persisted }) => (persisted ? void this.#follow() : this.#count()), {
      signal,
    });
    window.addEventListener("pagehide", () => this.#typedIn && this.#saveTexts(this.#typedIn), { signal });
    super.connectedCallback();
    this.#count();
    const form = this.querySelector("form");
    for (const field of form ? restoreTyped(form) : []) this.#saveTexts(field);
  }

  override disconnectedCallback(): void {
    this.#abort?.abort();
    super.disconnectedCallback();
  }

  #changed({ target }: Event): void {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
    if (target.name === "draft") this.#count();
    else this.#saveTexts(target);
  }

  /** A pause in typing saves as well: a reload does not leave the field first. */
  #typed({ target }: Event): void {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
    if (target.type === "checkbox") return;
    const shown = target.form && shownIn(target.form, target.name);
    if (shown !== null) keepTyped(target.name, { shown, value: target.value });
    this.#typedIn = target;
    clearTimeout(this.#pause);
    this.#pause = window.setTimeout(() => this.#saveTexts(target), PAUSE_MS);
  }

  #submit(event: SubmitEvent): void {
    clearTimeout(this.#pause);
    const { submitter } = event;
    if (!submitter?.closest("[data-texts]")) return;
    event.preventDefault();
    // Enter in any card's field presses the first card's button.
    const field = document.activeElement?.closest("[data-draft]") ? document.activeElement : submitter;
    this.#saveTexts(field);
  }

  #saveTexts(from: Element): void {
    const card = from.closest<HTMLElement>("[data-draft]");
    const button = card?.querySelector<HTMLButtonElement>("[data-texts] button");
    const form = button?.form;
    if (!card || !button || !form) return;
    clearTimeout(this.#pause);
    this.#typedIn = null;
    this.#saving = this.#saving.then(async () => {
      // Kept alive, as leaving a field may be leaving the page; browsers allow that for small bodies only.
      const texts = textsOf(card, form);
      const answer = await postForFragment(button.formAction, texts, { keepalive: true });
      if (answer?.status === 200) {
        rememberShown(form, texts);
        forgetTyped(texts);
      }
      showAnswer(card, answer?.content ?? this.#failure);
    });
  }

  async #follow(): Promise<void> {
    const list = this.querySelector("#cards");
    const known = new Set([...(list?.children ?? [])].map(({ id }) => id));
    const fresh = await fetchFragment(this.dataset.url ?? "");
    const cards = fresh?.querySelector("#cards");
    if (!fresh || !list || !cards) return;
    renewTokens(fresh);
    const isComplete = mergeCards(list, [...cards.children], known);
    const notice = this.querySelector<HTMLElement>("[data-changed]");
    if (notice) notice.hidden = isComplete;
    this.#count();
  }

  get #failure(): DocumentFragment {
    const template = this.querySelector<HTMLTemplateElement>("template[data-not-saved]");
    return template ? document.importNode(template.content, true) : new DocumentFragment();
  }

  #count(): void {
    const ticked = this.querySelectorAll("input[name=draft]:checked").length;
    const button = this.querySelector<HTMLButtonElement>("button[data-confirm]");
    const words = this.querySelector<HTMLElement>("[data-count]");
    if (!button || !words) return;
    const text = (ticked === 1 ? this.dataset.one : this.dataset.many) ?? "";
    words.textContent = text.replace("%d", ticked.toLocaleString(document.documentElement.lang || undefined));
    button.disabled = ticked === 0;
  }
}

/** What was saved becomes what the page has shown: the site saves only texts that differ from that. */
function rememberShown(form: HTMLFormElement, texts: FormData): void {
  for (const [name, value] of texts) {
    const shown = form.elements.namedItem(`initial-${name}`);
    if (shown instanceof HTMLInputElement && typeof value === "string") shown.value = value;
  }
}

/** The fields of one card, and the form's own: its token. */
function textsOf(card: HTMLElement, form: HTMLFormElement): FormData {
  const data = new FormData();
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) continue;
    if (field.type !== "checkbox" && (card.contains(field) || !field.closest("[data-draft]"))) {
      data.append(field.name, field.value);
    }
  }
  return data;
}

function showAnswer(card: HTMLElement, content: DocumentFragment): void {
  const errors = content.querySelector(".errors, .problem");
  tieErrors(card, errors);
  card.querySelector("[data-texts] :is(.errors, .problem)")?.remove();
  if (errors) card.querySelector("[data-texts]")?.append(errors);
  card.querySelector("[data-saved]")?.replaceChildren(content);
}

/** Signing in elsewhere renews the token that all forms send. */
function renewTokens(fresh: DocumentFragment): void {
  const selector = "input[name=csrfmiddlewaretoken]";
  const token = fresh.querySelector<HTMLInputElement>(selector)?.value;
  if (token) for (const field of document.querySelectorAll<HTMLInputElement>(selector)) field.value = token;
}
