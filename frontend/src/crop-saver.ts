import { type Answer, postForFragment } from "./fragment";

interface Listener {
  /** The answer to the latest change. */
  show(answer: Answer | null): void;
  /** The site took or refused what was sent: its figure of the crop, if it took it, and whether changes have come since. */
  settled(figure: HTMLElement | null, isBehind: boolean): void;
}

/** Long enough that a row of key presses is one request, short enough to seem at once. */
const PAUSE_MS = 400;
const PATIENCE_MS = 30_000;

/**
 * Posts the crop's form after each change, and hands on the answer to the latest one only.
 *
 * One request at a time: a request that the browser gives up goes on at the server, and could there be carried out after
 * its successor, so that an older crop would be the saved one. While one is under way the next waits, and all changes made
 * meanwhile are one.
 */
export class CropSaver {
  readonly #form: HTMLFormElement;
  readonly #listener: Listener;
  readonly #signal: AbortSignal;
  #timer: number | undefined;
  #sending: Promise<void> | null = null;
  #version = 0;
  #saved = 0;

  constructor(form: HTMLFormElement, listener: Listener, signal: AbortSignal) {
    [this.#form, this.#listener, this.#signal] = [form, listener, signal];
    signal.addEventListener("abort", () => this.cancel());
  }

  /** The form has changed: what is under way is no longer the latest. */
  touch(): void {
    this.#version += 1;
    this.cancel();
  }

  schedule(): void {
    this.cancel();
    this.#timer = window.setTimeout(() => void this.save(), PAUSE_MS);
  }

  cancel(): void {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Post now, or as soon as the request that is under way was answered. */
  async save(): Promise<void> {
    this.cancel();
    const version = this.#version;
    await this.#sending;
    // Whoever waited as well and came first has posted the same values.
    if (this.#sending || version !== this.#version) return;
    this.#sending = this.#post(version);
    await this.#sending;
  }

  /** The request under way: what comes next must reach the server after it. */
  get sending(): Promise<void> | null {
    return this.#sending;
  }

  /** Whether there are changes that no answer has confirmed. */
  get isBehind(): boolean {
    return this.#saved !== this.#version;
  }

  /** Hand unsaved changes to the browser, which sends them while the page goes away. */
  flush(): void {
    this.cancel();
    if (!this.isBehind) return;
    this.#saved = this.#version;
    void postForFragment(this.#form.action, new FormData(this.#form), { keepalive: true });
  }

  /** The form is about to be sent as a whole. */
  leave(): void {
    this.cancel();
    this.#saved = this.#version;
  }

  async #post(version: number): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await postForFragment(this.#form.action, new FormData(this.#form), { signal });
    this.#sending = null;
    if (answer && answer.status < 500) {
      this.#saved = Math.max(this.#saved, version);
      this.#listener.settled(answer.content.querySelector<HTMLElement>("#preview"), this.isBehind);
    }
    if (version === this.#version && !this.#signal.aborted) this.#listener.show(answer);
  }
}
