/** How far the site says that an upload is: `uploads/progress.py` writes it. */
export interface ProgressRecord {
  readonly state: "receiving" | "received" | "interrupted" | "refused" | "done";
  readonly received: number;
  readonly total: number;
}

/** The record at an address; null where the site has none, or does not answer. */
export async function readProgress(url: string, signal: AbortSignal): Promise<ProgressRecord | null> {
  try {
    const response = await fetch(url, { signal, redirect: "error" });
    return response.ok ? ((await response.json()) as ProgressRecord) : null;
  } catch {
    return null;
  }
}
