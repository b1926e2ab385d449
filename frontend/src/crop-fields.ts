import { type Box, frameSize, normalized, type Selection, type Sign, type Size } from "./geometry";

export type Side = "x" | "y" | "width" | "height";
const SIDES: readonly Side[] = ["x", "y", "width", "height"];

/** The form's fields as a selection: natural pixels, whole numbers, the names of Cropper.js's `getData()`. */
export class CropFields {
  readonly form: HTMLFormElement;
  /** The natural size of the picture that the selection is for. */
  readonly source: Size;

  constructor(form: HTMLFormElement) {
    this.form = form;
    this.source = { width: this.#number("sourceWidth"), height: this.#number("sourceHeight") };
  }

  read(): Selection {
    const box: Box = { x: this.side("x"), y: this.side("y"), width: this.side("width"), height: this.side("height") };
    return {
      box,
      rotate: normalized(this.#number("rotate")),
      scaleX: this.#number("scaleX") as Sign,
      scaleY: this.#number("scaleY") as Sign,
    };
  }

  /** The number in a visible field; NaN while it holds none. */
  side(side: Side): number {
    return this.input(side).valueAsNumber;
  }

  /** The angle that was typed; NaN while the field holds none. */
  get rotate(): number {
    return this.input("rotate").valueAsNumber;
  }

  write({ box, rotate, scaleX, scaleY }: Selection): void {
    const frame = frameSize(this.source, rotate);
    for (const side of SIDES) {
      const input = this.input(side);
      input.value = String(box[side]);
      input.max = String(side === "x" || side === "width" ? frame.width : frame.height);
    }
    this.input("rotate").value = String(rotate);
    this.input("scaleX").value = String(scaleX);
    this.input("scaleY").value = String(scaleY);
  }

  input(name: string): HTMLInputElement {
    const input = this.form.elements.namedItem(name);
    if (!(input instanceof HTMLInputElement)) throw new TypeError(`The crop form has no field "${name}".`);
    return input;
  }

  isSide(name: string): name is Side {
    return (SIDES as readonly string[]).includes(name);
  }

  #number(name: string): number {
    return Number(this.input(name).value);
  }
}
