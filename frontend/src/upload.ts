import { isWorthRepeating, pauseAfter, retryAfterMs } from "./back-off";
import type { Answer } from "./fragment";
import { PhaseBar } from "./phase-bar";
import { type ProgressRecord, readProgress } from "./progress-record";
import { randomId } from "./random-id";
import { type Outcome, type Request, send } from "./transport";
import type { Phase } from "./upload-schedule";

/** How often the bar moves while an answer is awaited; with every second move the site is asked how far it is. */
const MOVE_MS = 150;

/** No answer came; "not now"; a redirect, to the page for signing in; the file is gone; what the site said. */
export type Trouble = "lost" | "busy" | "elsewhere" | "gone" | "said";

/** Where uploads go to, as the page says. */
export interface Destination {
  /** The request of one file. */
  requestOf(upload: Upload): Request;
  /** The address of a progress record. */
  progressUrl(id: string): string;
  /** To be awaited before a request: a new visitor's session. */
  begin(): Promise<Outcome>;
}

/**
 * One file on its way, whatever the page shows of it.
 *
 * Each attempt has the same key, so that the site adds the file once. What is worth repeating is put back among those that
 * wait, with a pause; anything else ends it as `stored`, `refused` or `failed`, with the site's answer if there was one.
 */
export class Upload {
  readonly key = randomId();
  readonly bar = new PhaseBar();
  phase: Phase = "waiting";
  readyAt = 0;
  trouble: Trouble | null = null;
  answer: Answer | null = null;
  /** The site may have made a draft of it, whatever came back. */
  mayHaveArrived = false;
  #failures = 0;
  #abort: AbortController | null = null;
  readonly #onChange: () => void;

  constructor(
    readonly file: File,
    readonly chosenAt: number,
    onChange: () => void,
  ) {
    this.#onChange = onChange;
  }

  /** Send the file and wait for what becomes of it, which `phase` then says; a cancelled one stays as it was. */
  async send(to: Destination): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    [this.trouble, this.answer] = [null, null];
    this.#turn("sending");
    try {
      const begun = await to.begin();
      const outcome = begun.kind === "answer" && begun.answer.status < 300 ? await this.#post(to, abort.signal) : begun;
      if (!abort.signal.aborted) await this.#settle(outcome);
    } catch {
      // Cancelled: nobody looks at it any more.
    }
    abort.abort();
  }

  /** Asked for by a person: what failed before does not count any more. */
  retry(): void {
    this.#failures = 0;
    this.readyAt = 0;
    if (this.phase === "failed") this.#turn("waiting");
  }

  abort(): void {
    this.#abort?.abort();
  }

  #post(to: Destination, signal: AbortSignal): Promise<Outcome> {
    signal.throwIfAborted();
    const progressId = randomId();
    const { url, body, headers } = to.requestOf(this);
    const request = { url, body, headers: { ...headers, "X-Progress-ID": progressId } };
    this.mayHaveArrived = true;
    const onProgress = (part: number): void => {
      this.bar.sent(part);
      this.#onChange();
    };
    const onSent = (): void => {
      this.#turn("received");
      void this.#follow(to.progressUrl(progressId), signal);
    };
    return send(request, { onProgress, onSent }, signal);
  }

  /** All has left the browser: move the bar by what the site says of it, and at last by the time that it takes. */
  async #follow(progressUrl: string, signal: AbortSignal): Promise<void> {
    for (let moves = 1; this.phase === "received"; moves += 1) {
      await pause(MOVE_MS);
      const record = moves % 2 === 1 ? await readProgress(progressUrl, signal) : undefined;
      if (signal.aborted) return;
      if (record !== undefined) this.#learn(record);
    }
    for (const beganAt = performance.now(); ; ) {
      await pause(MOVE_MS);
      if (signal.aborted) return;
      this.bar.worked(performance.now() - beganAt);
      this.#onChange();
    }
  }

  /** A site that knows nothing, behind a proxy that keeps the body back, is as good as at work. */
  #learn(record: ProgressRecord | null): void {
    if (record?.state === "receiving" && record.total > 0) {
      this.bar.received(Math.min(record.received / record.total, 1));
      this.#onChange();
    } else {
      this.#turn("processing");
    }
  }

  async #settle(outcome: Outcome): Promise<void> {
    if (outcome.kind === "answer") this.#take(outcome.answer, retryAfterMs(outcome.retryAfter, Date.now()));
    else if (outcome.kind === "elsewhere") this.#fail("elsewhere");
    else if (await isReadable(this.file)) this.#again("lost", 0);
    else this.#fail("gone");
  }

  #take(answer: Answer, askedMs: number): void {
    this.answer = answer;
    const isAdded = answer.content.querySelector("li.card") !== null;
    if (isAdded) {
      this.bar.stored();
      this.#turn("stored");
    } else if (isWorthRepeating(answer.status)) this.#again("busy", askedMs);
    else if (answer.content.querySelector("li.refusal")) this.#turn("refused");
    else this.#fail("said");
  }

  /** Wait and be sent again, unless that was tried often enough. While the device is offline nothing counts. */
  #again(trouble: Trouble, askedMs: number): void {
    if (navigator.onLine) this.#failures += 1;
    const pauseMs = navigator.onLine ? pauseAfter(this.#failures, askedMs) : 0;
    if (pauseMs === null) {
      this.#fail(trouble);
      return;
    }
    this.trouble = trouble;
    this.readyAt = performance.now() + pauseMs;
    this.bar.again();
    this.#turn("waiting");
  }

  #fail(trouble: Trouble): void {
    this.trouble = trouble;
    this.bar.again();
    this.#turn("failed");
  }

  #turn(phase: Phase): void {
    this.phase = phase;
    this.#onChange();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A file that was moved or changed after it was chosen can never be sent; to the browser it is a lost connection. */
async function isReadable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
