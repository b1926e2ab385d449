/** Errors of a partial have ids of this kind (`uploads/partials/form_errors.html`); hints and help texts have others. */
const PREFIX = "error-";

/** Tie each error, an `<li data-field id>`, to the field it is about; none unties what was tied before. */
export function tieErrors(fields: ParentNode, errors: ParentNode | null): void {
  const items = [...(errors?.querySelectorAll<HTMLElement>("[data-field][id]") ?? [])];
  for (const field of fields.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")) {
    const ids = items.filter(({ dataset }) => dataset.field === field.name).map(({ id }) => id);
    const lasting = (field.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .filter((id) => id && !id.startsWith(PREFIX));
    setOrRemove(field, "aria-describedby", [...lasting, ...ids].join(" "));
    setOrRemove(field, "aria-invalid", ids.length > 0 ? "true" : "");
  }
}

function setOrRemove(element: Element, name: string, value: string): void {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}
