import type { CropperCanvas, CropperImage, CropperSelection } from "cropperjs";
import {
  type Box,
  type Edge,
  type Limits,
  middle,
  moveBy,
  type Point,
  resizeBy,
  type Selection,
  type Size,
} from "./geometry";
import { cropperMatrix, fitView, isFitted, pan, resizeRoom, reveal, toRoom, type View, zoom } from "./view";

/** What Cropper.js's canvas tells about a pointer: from where to where, in page pixels, since the last time. */
interface ActionDetail {
  readonly action: string;
  readonly relatedEvent: PointerEvent | WheelEvent;
  readonly startX: number;
  readonly startY: number;
  readonly endX: number;
  readonly endY: number;
  readonly scale?: number;
  readonly centerX?: number;
  readonly centerY?: number;
}

interface Drag {
  readonly action: string;
  readonly box: Box;
  readonly isOnSelection: boolean;
  readonly moved: Point;
}

interface Listener {
  /** The box that a drag asks for, again and again while it goes on. */
  drag(box: Box): void;
  /** A gesture ended. */
  end(): void;
}

/**
 * The picture with the selection on it: Cropper.js's elements, spoken to in natural pixels.
 *
 * Cropper.js draws and follows pointers; what a gesture means is decided here. It would let a selection leave the
 * picture, add up rounding over a drag, and forget the natural pixels when its box changes size.
 */
export class CropStage {
  readonly #root: HTMLElement;
  readonly #canvas: CropperCanvas;
  readonly #image: CropperImage;
  readonly #outline: CropperSelection;
  readonly #listener: Listener;
  readonly #source: Size;
  #copy: HTMLImageElement | null = null;
  #limits: Limits;
  #selection: Selection;
  #room: Size = { width: 0, height: 0 };
  #view: View | null = null;
  #drag: Drag | null = null;
  #isDrawing = false;

  constructor(root: HTMLElement, source: Size, selection: Selection, limits: Limits, listener: Listener) {
    this.#root = root;
    this.#canvas = part<CropperCanvas>(root, "cropper-canvas");
    this.#image = part<CropperImage>(root, "cropper-image");
    this.#outline = part<CropperSelection>(root, "cropper-selection");
    [this.#source, this.#selection, this.#limits, this.#listener] = [source, selection, limits, listener];
  }

  /** Resolves with the working copy once it can be drawn. */
  async connect(signal: AbortSignal): Promise<HTMLImageElement> {
    const options = { signal, capture: true };
    this.#root.addEventListener("actionstart", (event) => this.#start(event as CustomEvent<ActionDetail>), options);
    this.#root.addEventListener("action", (event) => this.#act(event as CustomEvent<ActionDetail>), options);
    this.#root.addEventListener("actionend", () => this.#end(), options);
    this.#root.addEventListener("transform", (event) => this.#keepMatrix(event), options);
    // Cropper.js's own change events would look like the fields' to the listeners further out.
    this.#root.addEventListener("change", (event) => event.stopPropagation(), { signal });
    // Cropper.js zooms at every wheel and stops the page from scrolling; only Ctrl asks for that, as does a trackpad's pinch.
    this.#root.addEventListener("wheel", (event) => event.ctrlKey || event.stopPropagation(), {
      ...options,
      passive: true,
    });
    // A page that may be scrolled by one finger beside the crop would also be by two: those are a pinch.
    const isPinch = (event: TouchEvent) => event.touches.length > 1 && event.cancelable;
    const stop = (event: TouchEvent) => isPinch(event) && event.preventDefault();
    this.#root.addEventListener("touchmove", stop, { signal, passive: false });
    const observer = new ResizeObserver(() => this.#measure());
    observer.observe(this.#canvas);
    signal.addEventListener("abort", () => observer.disconnect());
    this.#copy = await this.#image.$ready();
    this.#draw();
    return this.#copy;
  }

  show(selection: Selection, limits: Limits): void {
    const isTurned = selection.rotate !== this.#selection.rotate;
    [this.#selection, this.#limits] = [selection, limits];
    if (isTurned) this.fit();
    else this.#draw();
  }

  fit(): void {
    if (this.#room.width > 0) this.#look(fitView(this.#limits.frame, this.#room));
  }

  /** Closer to, or further from, the selection's middle. */
  zoomBy(factor: number): void {
    if (this.#view) this.#zoom(factor, middle(toRoom(this.#selection.box, this.#view)));
  }

  /** Bring the selection into sight, as after a key moved it out of a picture that is looked at closely. */
  reveal(): void {
    if (this.#view) this.#look(reveal(this.#view, this.#selection.box, this.#limits.frame, this.#room));
  }

  focus(): void {
    this.#outline.focus({ preventScroll: true });
  }

  #start({ detail }: CustomEvent<ActionDetail>): void {
    const isOnSelection =
      detail.relatedEvent.target instanceof Node && this.#outline.contains(detail.relatedEvent.target);
    // A second finger makes a pinch of what had begun as a drag: what the first one moved goes back.
    if (this.#drag && detail.action === "transform") this.#listener.drag(this.#drag.box);
    this.#drag = { action: detail.action, box: this.#selection.box, isOnSelection, moved: { x: 0, y: 0 } };
    // Cropper.js prevents the default, and with it the focus that a press gives.
    if (isOnSelection) this.focus();
  }

  #act(event: CustomEvent<ActionDetail>): void {
    event.preventDefault();
    const { detail } = event;
    if (detail.scale !== undefined) this.#pinch(detail, detail.scale);
    else if (this.#drag && this.#view && detail.action !== "rotate") this.#follow(detail, this.#drag, this.#view);
  }

  #follow({ startX, startY, endX, endY }: ActionDetail, drag: Drag, view: View): void {
    const by = { x: endX - startX, y: endY - startY };
    if (!drag.isOnSelection) {
      this.#look(pan(view, by, this.#limits.frame, this.#room));
      return;
    }
    // Summed from the start, so that a drag that left the picture and came back fits the pointer again.
    const moved = { x: drag.moved.x + by.x, y: drag.moved.y + by.y };
    this.#drag = { ...drag, moved };
    const natural = { x: moved.x / view.scale, y: moved.y / view.scale };
    const edge = drag.action.replace("-resize", "") as Edge;
    const box =
      drag.action === "move"
        ? moveBy(drag.box, natural, this.#limits)
        : resizeBy(drag.box, edge, natural, this.#limits);
    this.#listener.drag(box);
  }

  #pinch({ centerX, centerY, relatedEvent }: ActionDetail, scale: number): void {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const x = (centerX ?? relatedEvent.pageX) - left - window.scrollX;
    const y = (centerY ?? relatedEvent.pageY) - top - window.scrollY;
    // A pinch says by how much the fingers' distance changed; a wheel's steps out undo its steps in.
    const factor = centerX === undefined && scale < 0 ? 1 / (1 - scale) : 1 + scale;
    this.#zoom(factor, { x, y });
  }

  #end(): void {
    this.#drag = null;
    this.#listener.end();
  }

  #zoom(factor: number, at: Point): void {
    if (this.#view) this.#look(zoom(this.#view, factor, at, this.#limits.frame, this.#room));
  }

  #measure(): void {
    const room = { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
    if (room.width === 0 || room.height === 0) return;
    const { frame } = this.#limits;
    const view = this.#view ? resizeRoom(this.#view, this.#room, room, frame) : fitView(frame, room);
    this.#room = room;
    this.#look(view);
  }

  #look(view: View): void {
    this.#view = view;
    // The stylesheet gives a finger's drag to the page while there is nothing to pan.
    this.#root.toggleAttribute("data-close", !isFitted(view, this.#limits.frame, this.#room));
    this.#draw();
  }

  #draw(): void {
    if (!this.#copy || !this.#view) return;
    const copy = { width: this.#copy.naturalWidth, height: this.#copy.naturalHeight };
    this.#isDrawing = true;
    this.#image.$setTransform([...cropperMatrix(copy, this.#source, this.#selection, this.#view)]);
    const { x, y, width, height } = toRoom(this.#selection.box, this.#view);
    this.#outline.$change(x, y, width, height);
    this.#isDrawing = false;
    // Until now the plain picture was shown in its place.
    this.#root.toggleAttribute("data-drawn", true);
  }

  /** Cropper.js centres the picture by itself when it was loaded, which may be later than we drew it. */
  #keepMatrix(event: Event): void {
    if (!this.#isDrawing) event.preventDefault();
  }
}

function part<T extends HTMLElement>(root: HTMLElement, tag: string): T {
  const element = root.querySelector<T>(tag);
  if (!element) throw new TypeError(`The stage has no <${tag}>.`);
  return element;
}
