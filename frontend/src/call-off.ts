import { pauseAfter } from "./back-off";
import { tell } from "./transport";

const LONG_PAUSE_MS = 30_000;

/** Uploads that were cancelled here, of which the site is not known to have heard yet. */
export class CallOff {
  readonly #keys = new Set<string>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get isUnderWay(): boolean {
    return this.#keys.size > 0;
  }

  /** Tell the site, until it has heard, that nothing is to come of what was sent with a key. */
  async tell(url: string, key: string, body: FormData): Promise<void> {
    this.#keys.add(key);
    for (let failures = 1; ; failures += 1) {
      const outcome = await tell({ url, body, headers: { "Idempotency-Key": key } });
      if (outcome.kind === "elsewhere" || (outcome.kind === "answer" && outcome.answer.status < 500)) break;
      await new Promise((resolve) => setTimeout(resolve, pauseAfter(failures) ?? LONG_PAUSE_MS));
    }
    this.#keys.delete(key);
    this.#onChange();
  }
}
