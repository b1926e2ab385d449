/** Put the focus on a row's group, a card or a refusal, which are no stops of the Tab key otherwise. */
export function focusOn(element: Element | null | undefined): void {
  const place = element?.querySelector<HTMLElement>("[data-group]") ?? element;
  if (!(place instanceof HTMLElement)) return;
  if (place.tabIndex < 0) place.tabIndex = -1;
  place.focus();
}
