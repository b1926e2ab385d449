import { inPercent } from "./queue-row";
import type { Upload } from "./upload";
import { totalOf } from "./upload-total";

/** What is gathered before it is said, so that several ends are one announcement. */
const GATHER_MS = 400;

/** What ended, each with a sentence in the page: `data-said-added="…{name}…"`. */
export type Ending = "added" | "refused" | "failed" | "cancelled" | "cancelled-all";

/** What the queue says of all its uploads together: total, offline banner, announcements. */
export class QueueSummary {
  readonly #host: HTMLElement;
  #sentences: string[] = [];
  #timer: number | undefined;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  /** `batch` are the uploads since the queue was last empty. */
  show(batch: readonly Upload[], isActive: boolean): void {
    const part = (name: string): HTMLElement | null => this.#host.querySelector<HTMLElement>(`[data-${name}]`);
    const total = totalOf(
      batch.map(({ file, bar, phase }) => ({
        bytes: file.size,
        part: bar.value,
        isOver: phase === "stored" || phase === "refused",
      })),
    );
    const panel = part("total");
    if (panel) panel.hidden = !isActive || total.all < 2;
    const percent = Math.floor(total.part * 100);
    const bar = panel?.querySelector("progress");
    if (bar) bar.value = percent;
    const words = panel?.querySelector<HTMLElement>("[data-words]");
    if (words) {
      words.textContent = (words.dataset.words ?? "")
        .replace("{over}", String(total.over))
        .replace("{all}", String(total.all))
        .replace("{percent}", inPercent(percent));
    }
    const banner = part("offline");
    if (banner) banner.hidden = navigator.onLine || !isActive;
  }

  say(ending: Ending, name: string): void {
    const place = this.#host.querySelector<HTMLElement>("[data-said]");
    const sentence = place?.getAttribute(`data-said-${ending}`);
    if (!place || !sentence) return;
    this.#sentences.push(sentence.replace("{name}", name));
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      place.textContent = this.#sentences.join(" ");
      this.#sentences = [];
    }, GATHER_MS);
  }
}
