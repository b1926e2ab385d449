import { tieErrors } from "./form-errors";
import type { Answer } from "./fragment";
import type { Selection, Size } from "./geometry";
import { matrixFrom, viewOfBox } from "./view";

/** What is shown beside the picture: the site's file, our drawing, our drawing while the site's is made, or for want of it. */
type State = "shown" | "live" | "sending" | "failed";

/** More than a preview on the page ever shows, on a screen of double density. */
const MAX_EDGE_PX = 800;

/** What comes of the selection: drawn here while it changes, then exchanged for the site's own preview. */
export class CropPreview {
  readonly #editor: HTMLElement;
  #copy: HTMLImageElement | null = null;
  #version = 0;

  constructor(editor: HTMLElement) {
    this.#editor = editor;
  }

  /** The working copy, once there is one to draw from. */
  set copy(copy: HTMLImageElement) {
    this.#copy = copy;
  }

  draw(source: Size, selection: Selection): void {
    this.#version += 1;
    const canvas = this.#editor.querySelector<HTMLCanvasElement>("canvas[data-live]");
    if (!canvas || !this.#copy) return;
    canvas.hidden = false;
    drawCrop(canvas, this.#copy, source, selection);
    this.#state = "live";
  }

  wait(): void {
    this.#state = "sending";
  }

  async show(answer: Answer | null): Promise<void> {
    const figure = answer?.content.querySelector<HTMLElement>("#preview");
    if (answer?.status === 200 && figure) await this.#exchange(figure);
    else this.#explain(answer?.content.querySelector(".errors, .problem") ?? this.#failure);
  }

  /** Exchange the figures only when the new picture can be drawn: there is always one to look at. */
  async #exchange(figure: HTMLElement): Promise<void> {
    const version = this.#version;
    await figure
      .querySelector("img")
      ?.decode()
      .catch(() => undefined);
    if (version !== this.#version) return;
    this.#part("#preview").replaceWith(figure);
    this.#part("[data-errors]").replaceChildren();
    tieErrors(this.#editor, null);
    this.#state = "shown";
  }

  #explain(reason: Node): void {
    this.#part("[data-errors]").replaceChildren(reason);
    tieErrors(this.#editor, this.#part("[data-errors]"));
    this.#state = "failed";
  }

  get #failure(): Node {
    return document.importNode(this.#part<HTMLTemplateElement>("template[data-failure]").content, true);
  }

  set #state(state: State) {
    this.#editor.dataset.state = state;
  }

  #part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const element = this.#editor.querySelector<T>(selector);
    if (!element) throw new TypeError(`<${this.#editor.localName}> has no ${selector}.`);
    return element;
  }
}

/** Draw the selection as it would come out onto a canvas in the selection's ratio. */
function drawCrop(canvas: HTMLCanvasElement, copy: HTMLImageElement, source: Size, selection: Selection): void {
  const { box } = selection;
  const scale = Math.min(1, MAX_EDGE_PX / Math.max(box.width, box.height));
  canvas.width = Math.max(1, Math.round(box.width * scale));
  canvas.height = Math.max(1, Math.round(box.height * scale));
  const context = canvas.getContext("2d");
  if (!context) return;
  const size = { width: copy.naturalWidth, height: copy.naturalHeight };
  context.imageSmoothingQuality = "high";
  context.setTransform(...matrixFrom(size, source, selection, viewOfBox(box, canvas.width)));
  context.drawImage(copy, 0, 0);
}
