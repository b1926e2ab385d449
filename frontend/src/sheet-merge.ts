import { focusOn } from "./focus";

/**
 * Bring a list of cards up to date with the site's, leaving alone each in which somebody is at work.
 *
 * `known` are the ids of the cards that were there when the site was asked: one that came since is not gone. Returns
 * whether all could be followed.
 */
export function mergeCards(list: Element, fresh: readonly Element[], known: ReadonlySet<string>): boolean {
  const wanted = new Map(fresh.map((card) => [card.id, card]));
  let isComplete = true;
  for (const card of [...list.children]) {
    const newer = wanted.get(card.id);
    if (newer ? isSame(card, newer) : !known.has(card.id)) continue;
    if (isAtWork(card)) isComplete = false;
    else if (newer) replace(card, newer);
    else remove(card);
  }
  insertMissing(list, fresh);
  return isComplete;
}

function insertMissing(list: Element, fresh: readonly Element[]): void {
  let before: Element | null = null;
  for (const card of fresh) {
    const present: Element | null = list.querySelector(`:scope > #${CSS.escape(card.id)}`);
    if (!present) list.insertBefore(card, before ? before.nextSibling : list.firstChild);
    before = present ?? card;
  }
}

/** The tick is this tab's own; so is the focus, if it was on a button. */
function replace(card: Element, newer: Element): void {
  const hasFocus = card.contains(document.activeElement);
  const [tick, newTick] = [card, newer].map((each) => each.querySelector<HTMLInputElement>("input[name=draft]"));
  if (tick && newTick) newTick.checked = tick.checked;
  card.replaceWith(newer);
  if (hasFocus) focusOn(newer);
}

function remove(card: Element): void {
  const neighbour = card.nextElementSibling ?? card.previousElementSibling;
  if (card.contains(document.activeElement)) focusOn(neighbour);
  card.remove();
}

/** Revision, saved texts and state. */
function isSame(one: Element, other: Element): boolean {
  return versionOf(one) === versionOf(other);
}

function versionOf(card: Element): string {
  const shown = [...card.querySelectorAll<HTMLInputElement>("input[type=hidden]")].map(({ value }) => value);
  return JSON.stringify([card.getAttribute("data-state"), ...shown]);
}

/** The focus is in a text of it, or a text is not saved. */
function isAtWork(card: Element): boolean {
  const fields = card.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input[type=text], textarea");
  return [...fields].some((field) => {
    if (field === document.activeElement) return true;
    const { name, value } = field;
    const shown = card.querySelector<HTMLInputElement>(`input[name="${CSS.escape(`initial-${name}`)}"]`);
    return shown !== null && shown.value !== value;
  });
}
