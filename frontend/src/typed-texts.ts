/** What was typed into the cards and is not saved yet, kept for the tab: a reload may come before the save. */

interface Typed {
  /** What the page had shown: another text there now is newer than what was typed. */
  readonly shown: string;
  readonly value: string;
}

const KEY = "typed texts";

export function keepTyped(name: string, typed: Typed): void {
  write({ ...read(), [name]: typed });
}

/** These have been saved, as long as nothing else was typed since. */
export function forgetTyped(saved: Iterable<[string, FormDataEntryValue]>): void {
  const kept = read();
  for (const [name, value] of saved) if (kept[name]?.value === value) delete kept[name];
  write(kept);
}

/** Put what was kept back into the fields that still show what they showed; return those fields. */
export function restoreTyped(form: HTMLFormElement): Element[] {
  const kept = read();
  const restored: Element[] = [];
  for (const [name, { shown, value }] of Object.entries(kept)) {
    const field = form.elements.namedItem(name);
    const isText = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
    if (isText && shownIn(form, name) === shown) {
      field.value = value;
      restored.push(field);
    } else delete kept[name];
  }
  write(kept);
  return restored;
}

/** What the page has shown in a field, or was told since. */
export function shownIn(form: HTMLFormElement, name: string): string | null {
  const shown = form.elements.namedItem(`initial-${name}`);
  return shown instanceof HTMLInputElement ? shown.value : null;
}

function read(): Record<string, Typed> {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

function write(kept: Record<string, Typed>): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Full or forbidden: then only the save itself keeps it.
  }
}
