/** The only place that knows XMLHttpRequest: `fetch` cannot tell how much of a body has been sent. */
import { type Answer, FRAGMENT, parseFragment } from "./fragment";

export interface Sending {
  /** Part of the body, 0 to 1, that has left the browser. */
  onProgress(part: number): void;
  /** All of the body has left: the server is at work. */
  onSent(): void;
}

/**
 * Post a body and return the partial that answers it; null for a lost connection or an answer that is none.
 * Raises an `AbortError` when the signal aborted it.
 */
export function send(url: string, body: FormData, sending: Sending, signal: AbortSignal): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", FRAGMENT);
    request.upload.addEventListener("progress", ({ lengthComputable, loaded, total }) => {
      if (lengthComputable && total > 0) sending.onProgress(loaded / total);
    });
    request.upload.addEventListener("load", () => sending.onSent());
    request.addEventListener("load", () => resolve(answerOf(request, url)));
    request.addEventListener("error", () => resolve(null));
    request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

function answerOf(request: XMLHttpRequest, url: string): Answer | null {
  // A redirect was followed unseen: what it led to is a page, such as the one for signing in.
  const isRedirected = request.responseURL !== new URL(url, document.baseURI).href;
  return isRedirected ? null : { status: request.status, content: parseFragment(request.responseText) };
}
