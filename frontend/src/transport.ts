/** The only place that knows XMLHttpRequest: `fetch` cannot tell how much of a body has been sent. */
import { type Answer, FRAGMENT, parseFragment } from "./fragment";

/** A connection on which nothing has left for so long is dead, although no system has said so yet. */
const SILENCE_MS = 90_000;
/** What has left may lie in buffers on the way, and the site may be at work on it. */
const SENT_SILENCE_MS = 300_000;

export interface Request {
  readonly url: string;
  readonly body: FormData;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Sending {
  /** Part of the body, 0 to 1, that has left the browser. */
  onProgress(part: number): void;
  /** All of the body has left: the site may have it, whatever becomes of the answer. */
  onSent(): void;
}

/** `lost`: no answer came. `elsewhere`: a redirect was followed unseen, such as to the page for signing in. */
export type Outcome =
  | { readonly kind: "answer"; readonly answer: Answer; readonly retryAfter: string | null }
  | { readonly kind: "lost" }
  | { readonly kind: "elsewhere" };

/** Post a body and tell what became of it. Raises an `AbortError` when the signal aborted it. */
export function send({ url, body, headers }: Request, sending: Sending, signal: AbortSignal): Promise<Outcome> {
  const { promise, resolve, reject } = settling<Outcome>();
  const request = new XMLHttpRequest();
  const silence = new Silence(() => {
    resolve({ kind: "lost" });
    request.abort();
  });
  request.open("POST", url);
  for (const [name, value] of Object.entries({ Accept: FRAGMENT, ...headers })) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", ({ lengthComputable, loaded, total }) => {
    silence.begin(SILENCE_MS);
    if (lengthComputable && total > 0) sending.onProgress(loaded / total);
  });
  request.upload.addEventListener("load", () => {
    silence.begin(SENT_SILENCE_MS);
    sending.onSent();
  });
  request.addEventListener("load", () => resolve(outcomeOf(request, url)));
  request.addEventListener("error", () => resolve({ kind: "lost" }));
  request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
  request.addEventListener("loadend", () => silence.end());
  signal.addEventListener("abort", () => request.abort(), { once: true });
  silence.begin(SILENCE_MS);
  request.send(body);
  return promise;
}

/** Post a few fields; they reach the site also if the page is left meanwhile. */
export async function tell({ url, body, headers }: Request): Promise<Outcome> {
  try {
    const init = { method: "POST", body, headers: { Accept: FRAGMENT, ...headers }, keepalive: true };
    const response = await fetch(url, { ...init, redirect: "manual" });
    if (response.type === "opaqueredirect") return { kind: "elsewhere" };
    const answer = { status: response.status, content: parseFragment(await response.text()) };
    return { kind: "answer", answer, retryAfter: response.headers.get("Retry-After") };
  } catch {
    return { kind: "lost" };
  }
}

function outcomeOf(request: XMLHttpRequest, url: string): Outcome {
  if (request.responseURL !== new URL(url, document.baseURI).href) return { kind: "elsewhere" };
  const answer = { status: request.status, content: parseFragment(request.responseText) };
  return { kind: "answer", answer, retryAfter: request.getResponseHeader("Retry-After") };
}

class Silence {
  #timer: number | undefined;
  readonly #onSilence: () => void;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
  }

  begin(ms: number): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.#onSilence, ms);
  }

  end(): void {
    window.clearTimeout(this.#timer);
  }
}

/** `Promise.withResolvers()`, which browsers of 2023 do not have. */
function settling<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
}
