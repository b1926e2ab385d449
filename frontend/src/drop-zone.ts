import { filesOf } from "./dropped-files";

/** A drop that gives less than one thinks: the page has a notice of each name. */
export type DropNotice = "web-image" | "folder-cut" | "folder-empty";

export interface DropTarget {
  /** The element over which files are let go; `data-over` is set on `host` meanwhile. */
  readonly host: HTMLElement;
  readonly zone: string;
  readonly mostOfFolder: number;
  onFiles(files: readonly File[]): void;
  onNotice(notice: DropNotice): void;
}

/** Listen for files that are dropped on the target or pasted anywhere but into text. */
export function receiveFiles(target: DropTarget, signal: AbortSignal): void {
  const options = { signal };
  document.addEventListener("dragover", (event) => drag(event, target), options);
  document.addEventListener("drop", (event) => void drop(event, target), options);
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? markOver(target, false), options);
  document.addEventListener("paste", (event) => paste(event, target), options);
}

function drag(event: DragEvent, target: DropTarget): void {
  if (!isOurs(event)) return;
  event.preventDefault();
  const isOver = isOn(event, target);
  if (event.dataTransfer) event.dataTransfer.dropEffect = isOver ? "copy" : "none";
  markOver(target, isOver);
}

/** What is dropped beside the zone is not opened by the browser, which would leave the page. */
async function drop(event: DragEvent, target: DropTarget): Promise<void> {
  if (!isOurs(event)) return;
  event.preventDefault();
  markOver(target, false);
  if (!event.dataTransfer || !isOn(event, target)) return;
  const { files, isCut, hasFolder } = await filesOf(event.dataTransfer, target.mostOfFolder);
  target.onFiles(files);
  if (isCut) target.onNotice("folder-cut");
  else if (files.length === 0) target.onNotice(hasFolder ? "folder-empty" : "web-image");
}

function paste(event: ClipboardEvent, target: DropTarget): void {
  const pictures = [...(event.clipboardData?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
  if (isText(event.target) || pictures.length === 0) return;
  event.preventDefault();
  target.onFiles(pictures);
}

/** Files, or the address of a picture on another page; an address may be dropped into a text. */
function isOurs({ dataTransfer, target }: DragEvent): boolean {
  const types = dataTransfer?.types ?? [];
  return types.includes("Files") || (types.includes("text/uri-list") && !isText(target));
}

function isText(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, [contenteditable]") !== null;
}

function isOn({ target }: Event, { zone }: DropTarget): boolean {
  return target instanceof Element && target.closest(zone) !== null;
}

function markOver({ host }: DropTarget, isOver: boolean): void {
  host.toggleAttribute("data-over", isOver);
}
