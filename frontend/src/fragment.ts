/** Partials of a page that Django rendered, asked for instead of the page itself. */

export const FRAGMENT = "text/fragment+html";

/** Whether an answer is a part of a page, and not a whole one: that of a proxy, say, whose words belong into no corner of ours. */
export function isPartial(html: string): boolean {
  return !/^\s*<(!doctype|html)\b/i.test(html);
}

/**
 * Parse a partial into nodes of this document.
 * `DOMParser` runs no script, and unlike `innerHTML` it is no way around Trusted Types or the Content-Security-Policy.
 */
export function parseFragment(html: string): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  fragment.append(...[...parsed.body.children].map((node) => document.importNode(node, true)));
  return fragment;
}

export interface Answer {
  readonly status: number;
  readonly content: DocumentFragment;
}

/**
 * Post a form's values and return the partial, or null where no answer came or the answer is no partial.
 * A redirect is no partial: it leads to the sign-in page, whose words belong into no corner of this one.
 */
export async function postForFragment(url: string, body: FormData, init: RequestInit = {}): Promise<Answer | null> {
  try {
    const headers = { Accept: FRAGMENT };
    const response = await fetch(url, { method: "POST", body, headers, redirect: "manual", ...init });
    if (response.type === "opaqueredirect") return null;
    const html = await response.text();
    return isPartial(html) ? { status: response.status, content: parseFragment(html) } : null;
  } catch {
    return null;
  }
}

/** Get a partial; null where it is not to be had. It is not kept: going back must not show it instead of its page. */
export async function fetchFragment(url: string): Promise<DocumentFragment | null> {
  try {
    const response = await fetch(url, { headers: { Accept: FRAGMENT }, redirect: "error", cache: "no-store" });
    return response.ok ? parseFragment(await response.text()) : null;
  } catch {
    return null;
  }
}
