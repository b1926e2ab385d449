/**
 * Put new cards on the sheet, before those that were chosen later (milliseconds by this page's clock).
 * Returns them as they are there: another tab's news may have brought them already.
 */
export function placeCards(cards: readonly HTMLElement[], chosenAt: number): HTMLElement[] {
  const sheet = document.querySelector("#cards");
  if (!sheet) return [];
  const isFirst = sheet.childElementCount === 0;
  const placed = cards.map((card) => document.getElementById(card.id) ?? insert(sheet, card, chosenAt));
  // Only the first: later ones would move the page under somebody who has begun to work on it.
  if (isFirst) placed[0]?.scrollIntoView({ block: "nearest" });
  return placed;
}

function insert(sheet: Element, card: HTMLElement, chosenAt: number): HTMLElement {
  const others = [...sheet.querySelectorAll<HTMLElement>(":scope > [data-chosen-at]")];
  card.dataset.chosenAt = String(chosenAt);
  return sheet.insertBefore(card, others.find((each) => Number(each.dataset.chosenAt) > chosenAt) ?? null);
}
