import { CropperCanvas, CropperHandle, CropperImage, CropperSelection, CropperShade } from "cropperjs";
import { CropFields } from "./crop-fields";
import { CropHistory, same } from "./crop-history";
import { keyStep, type Press, pressStep, stepped } from "./crop-keys";
import { CropPreview } from "./crop-preview";
import { CropSaver } from "./crop-saver";
import { CropStage } from "./crop-stage";
import type { Answer } from "./fragment";
import {
  type Axis,
  atLeast,
  type Box,
  clampInside,
  frameSize,
  isBelow,
  isQuarterTurn,
  type Limits,
  largest,
  mirror,
  type Selection,
  type Size,
  straighten,
  turn,
  withSide,
} from "./geometry";

const ZOOM_STEP = 1.25;
/** What the slider straightens by, to each side of a quarter turn. */
const STRAIGHTEN_DEGREES = 45;
const PRINT_DOTS_PER_CM = 300 / 2.54;

/**
 * `<crop-editor>`: the form of one crop with its picture.
 *
 * The form's fields are the truth and work alone; the picture, the buttons and the keys write them. Each finished change is
 * posted, and the server's own preview comes back. Attributes: `data-ratio-width`, `data-ratio-height` (none: any shape),
 * `data-min-width`, `data-min-height`, `data-output-width` (none: as selected). Fires `crop-editor:change` with the
 * selection as its detail.
 */
export class CropEditor extends HTMLElement {
  /** Cropper.js's elements that the template uses. */
  static readonly parts = [CropperCanvas, CropperImage, CropperShade, CropperSelection, CropperHandle];

  #abort: AbortController | null = null;
  #fields!: CropFields;
  #stage!: CropStage;
  #saver!: CropSaver;
  #selection!: Selection;
  readonly #preview = new CropPreview(this);
  #history!: CropHistory;
  /** The quarter turn that the slider straightens from. */
  #quarter = 0;
  #before: Selection | null = null;
  #isLeaving = false;

  connectedCallback(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const form = this.#part<HTMLFormElement>("form[data-crop]");
    this.#fields = new CropFields(form);
    this.#selection = this.#read();
    const listener = {
      show: (answer: Answer | null) => void this.#preview.show(answer),
      settled: (figure: HTMLElement | null, isBehind: boolean) => this.#settle(figure, isBehind),
    };
    this.#saver = new CropSaver(form, listener, signal);
    this.#listen(form, signal);
    const revision = Number(this.#part("#preview").dataset.revision);
    this.#history = new CropHistory(`crop ${this.dataset.picture}`, this.#selection, revision);
    this.#catchUp();
    this.#fields.write(this.#selection);
    this.#connectStage(signal);
    this.#tellRules();
  }

  /** The page may have come before the last change before it was saved: that goes on from where it was. */
  #catchUp(): void {
    if (same(this.#history.current, this.#selection)) return;
    this.#selection = this.#history.current;
    this.#saver.touch();
    if (this.#isBelow()) return;
    this.#preview.wait();
    this.#fields.write(this.#selection);
    void this.#saver.save();
  }

  #settle(figure: HTMLElement | null, isBehind: boolean): void {
    if (figure?.dataset.shown) this.#fields.input("shown").value = figure.dataset.shown;
    this.#history.settle(figure && Number(figure.dataset.revision), isBehind);
  }

  disconnectedCallback(): void {
    this.#abort?.abort();
  }

  /** The fields as they came. Those of a form that was refused may hold anything. */
  #read(): Selection {
    const read = this.#fields.read();
    const { ratio } = this.#limits(read);
    const isBox = Object.values(read.box).every(Number.isInteger) && read.box.width > 0 && read.box.height > 0;
    return {
      ...read,
      box: isBox
        ? clampInside(read.box, this.#fields.source, read.rotate)
        : largest(this.#fields.source, read.rotate, ratio),
    };
  }

  #listen(form: HTMLFormElement, signal: AbortSignal): void {
    form.addEventListener("submit", (event) => this.#submit(event), { signal });
    form.addEventListener("change", (event) => this.#typed(event), { signal });
    this.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.addEventListener("keydown", (event) => this.#undoKey(event), { signal });
    const slider = this.#part<HTMLInputElement>("[data-straighten]");
    slider.addEventListener("input", () => this.#slide(slider.valueAsNumber), { signal });
    this.#part("cropper-selection").addEventListener("keydown", (event) => this.#pressed(event), { signal });
    window.addEventListener("pagehide", () => this.#isLeaving || this.#saver.flush(), { signal });
    window.addEventListener("pageshow", () => (this.#isLeaving = false), { signal });
  }

  #connectStage(signal: AbortSignal): void {
    const listener = { drag: (box: Box) => this.#set({ ...this.#selection, box }), end: () => this.#finish() };
    this.#stage = new CropStage(
      this.#part("[data-stage]"),
      this.#fields.source,
      this.#selection,
      this.#limits(),
      listener,
    );
    this.#stage.connect(signal).then(
      (copy) => this.#drawFrom(copy),
      () => this.toggleAttribute("data-broken", true),
    );
  }

  #drawFrom(copy: HTMLImageElement): void {
    this.#preview.copy = copy;
    if (!this.#saver.isBehind) return;
    this.#preview.draw(this.#fields.source, this.#selection);
    this.#preview.wait();
  }

  #submit(event: SubmitEvent): void {
    const { submitter } = event;
    if (submitter instanceof HTMLButtonElement && submitter.name === "keep")
      this.#fields.input("shown").value = submitter.value;
    if (submitter instanceof HTMLButtonElement && submitter.name === "next") this.#leave(event, submitter);
    else if (submitter instanceof HTMLButtonElement && submitter.name === "adjust")
      this.#adjust(event, submitter.value);
    else {
      event.preventDefault();
      this.#preview.wait();
      void this.#saver.save();
    }
  }

  /** Done: the plain submit, but never overtaking a request that is still under way. */
  #leave(event: SubmitEvent, button: HTMLButtonElement): void {
    const { sending } = this.#saver;
    if (this.#isBelow()) {
      event.preventDefault();
      this.#part("[data-below]").focus();
    } else if (sending) {
      event.preventDefault();
      this.#saver.cancel();
      void sending.then(() => this.#fields.form.requestSubmit(button));
    } else {
      this.#isLeaving = true;
      this.#saver.leave();
    }
  }

  #adjust(event: SubmitEvent, how: string): void {
    event.preventDefault();
    const { source } = this.#fields;
    const { ratio } = this.#limits();
    const [verb, word] = how.split("-");
    let next = this.#selection;
    if (verb === "turn") next = turn(next, source, word === "left" ? -90 : 90, ratio);
    else if (verb === "mirror") next = mirror(next, source, word as Axis);
    else if (verb === "largest") next = { ...next, box: largest(source, next.rotate, ratio) };
    // A frame that was too small for the minimum may have shrunk the box; turned back, it has room again.
    this.#change({ ...next, box: atLeast(next.box, this.#limits(next)) });
  }

  #clicked({ target }: Event): void {
    const button = target instanceof Element ? target.closest<HTMLButtonElement>("button[type=button]") : null;
    const { zoom, press, go } = button?.dataset ?? {};
    if (zoom === "in") this.#stage.zoomBy(ZOOM_STEP);
    else if (zoom === "out") this.#stage.zoomBy(1 / ZOOM_STEP);
    else if (zoom) this.#stage.fit();
    else if (press) this.#step(pressStep(press, this.#limits().frame));
    else if (go) this.#go(go === "back" ? -1 : 1);
  }

  #go(by: -1 | 1): void {
    const step = this.#history.go(by);
    if (step) this.#change(step);
  }

  /** Ctrl+Z and its kin; in the number fields too, whose own undo would change a number and not the crop. */
  #undoKey(event: KeyboardEvent): void {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || !["z", "y"].includes(key)) return;
    event.preventDefault();
    this.#go(key === "y" || event.shiftKey ? 1 : -1);
  }

  #slide(degrees: number): void {
    // From where the slider was taken hold of: a crop that had to shrink on the way gets its size back.
    const from = this.#before ?? this.#selection;
    this.#set(straighten(from, this.#fields.source, this.#quarter + degrees, this.#limits().ratio));
  }

  #typed({ target }: Event): void {
    if (!(target instanceof HTMLInputElement)) return;
    if (target.matches("[data-straighten]")) this.#finish();
    else if (target.name === "rotate" && Number.isFinite(this.#fields.rotate))
      this.#change(straighten(this.#selection, this.#fields.source, this.#fields.rotate, this.#limits().ratio));
    if (!this.#fields.isSide(target.name)) return;
    const value = this.#fields.side(target.name);
    const { box } = this.#selection;
    this.#change({
      ...this.#selection,
      box: Number.isNaN(value) ? box : withSide(box, target.name, value, this.#limits()),
    });
  }

  #pressed(event: KeyboardEvent): void {
    const step = keyStep(event);
    if (!step) return;
    event.preventDefault();
    this.#step(step);
  }

  #step(step: Press | null): void {
    if (!step) return;
    this.#change({ ...this.#selection, box: stepped(this.#selection.box, step, this.#limits()) });
    this.#stage.reveal();
  }

  /** One change that is a whole gesture. */
  #change(selection: Selection): void {
    this.#set(selection);
    this.#finish();
  }

  #set(selection: Selection): void {
    const previous = this.#selection;
    this.#before ??= previous;
    this.#selection = selection;
    this.#fields.write(selection);
    if (same(previous, selection)) return;
    this.#saver.touch();
    this.#stage.show(selection, this.#limits());
    this.#preview.draw(this.#fields.source, selection);
    this.#tellRules();
  }

  #finish(): void {
    const before = this.#before;
    this.#before = null;
    if (before && !same(before, this.#selection)) {
      this.#history.add(this.#selection);
      this.#tellRules();
      this.#sayWhere();
      this.dispatchEvent(new CustomEvent("crop-editor:change", { bubbles: true, detail: this.#selection }));
    }
    // Also after a drag that came back to its start: it has cancelled what was about to be saved.
    if (!this.#saver.isBehind || this.#isBelow()) return;
    this.#preview.wait();
    this.#saver.schedule();
  }

  /** Show the reasons that hold now: too few pixels to be saved, too few to look sharp. */
  #tellRules(): void {
    const { width, height } = this.#selection.box;
    this.#tellTurn();
    this.#part<HTMLButtonElement>("[data-go=back]").disabled = !this.#history.canUndo;
    this.#part<HTMLButtonElement>("[data-go=forth]").disabled = !this.#history.canRedo;
    const centimetres = new Intl.NumberFormat(document.documentElement.lang || undefined, { maximumFractionDigits: 1 });
    fill(this.#part("[data-meter]"), {
      width: centimetres.format(width / PRINT_DOTS_PER_CM),
      height: centimetres.format(height / PRINT_DOTS_PER_CM),
    });
    this.#part("[data-below]").hidden = !this.#isBelow();
    this.#part("[data-soft]").hidden = this.#isBelow() || !(width < Number(this.dataset.outputWidth));
  }

  /** Show the angle on the slider: from the quarter turn that it is at already, or from the nearest one. */
  #tellTurn(): void {
    const { rotate } = this.#selection;
    let by = ((rotate - this.#quarter + 540) % 360) - 180;
    if (Math.abs(by) > STRAIGHTEN_DEGREES) {
      this.#quarter = (Math.round(rotate / 90) * 90) % 360;
      by = ((rotate - this.#quarter + 540) % 360) - 180;
    }
    this.#part<HTMLInputElement>("[data-straighten]").value = String(by);
    this.toggleAttribute("data-askew", !isQuarterTurn(rotate));
  }

  #sayWhere(): void {
    fill(this.#part("[data-said]"), this.#selection.box);
  }

  #isBelow(): boolean {
    return isBelow(this.#selection.box, this.#limits().minimum);
  }

  #limits({ rotate } = this.#selection): Limits {
    const { ratioWidth, ratioHeight, minWidth, minHeight } = this.dataset;
    const ratio: Size | null =
      ratioWidth && ratioHeight ? { width: Number(ratioWidth), height: Number(ratioHeight) } : null;
    const minimum = { width: Number(minWidth || 1), height: Number(minHeight || 1) };
    const { source } = this.#fields;
    const limits = { frame: frameSize(source, rotate), ratio, minimum };
    return isQuarterTurn(rotate) ? limits : { ...limits, askew: { source, rotate } };
  }

  #part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const element = this.querySelector<T>(selector);
    if (!element) throw new TypeError(`<crop-editor> has no ${selector}.`);
    return element;
  }
}

/** Put values into an element's sentence, which has their names in braces. */
function fill(element: HTMLElement, values: object): void {
  const said = element.dataset.said ?? "";
  const text = Object.entries(values).reduce((words, [name, value]) => words.replace(`{${name}}`, String(value)), said);
  if (element.textContent !== text) element.textContent = text;
}
