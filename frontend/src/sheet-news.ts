/** Tabs of one browser tell each other that the sheet may have changed; each then looks for itself. */

/** One for all of the page: a channel does not hear what it says itself. */
const channel = new BroadcastChannel("proofsheet-sheet");

export function tellOtherTabs(): void {
  channel.postMessage("changed");
}

/** Call back after another tab's news: at once, or when a hidden page is looked at again. */
export function hearOtherTabs(onNews: () => void, signal: AbortSignal): void {
  let isStale = false;
  const look = (): void => {
    if (!isStale || document.hidden) return;
    isStale = false;
    onNews();
  };
  const hear = (): void => {
    isStale = true;
    look();
  };
  channel.addEventListener("message", hear, { signal });
  document.addEventListener("visibilitychange", look, { signal });
}
