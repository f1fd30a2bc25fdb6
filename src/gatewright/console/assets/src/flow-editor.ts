// The diagram beside the source: cards are walked by keys, and every change is an edit of the text, in its one history.
import { redo, undo } from "@codemirror/commands";
import { forceLinting } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { announce } from "./announce";
import { chooseKind } from "./flow-add";
import { StepForm } from "./flow-form";
import { type Change, FlowText, listOf, Refused, stepAt } from "./flow-text";
import { draggable } from "./flow-drag";
import { neighbour } from "./flow-walk";

interface Drawn {
  text: Text;
  diagram: string;
}

export type Place = { list?: string; after?: string };

export class FlowEditor {
  selected = "";
  readonly stops = new Set<string>();
  private parsed: FlowText | null = null;
  private drawn: Text;
  private readonly form: StepForm;
  private watchers: (() => void)[] = [];

  constructor(readonly view: EditorView, readonly diagram: HTMLElement) {
    this.drawn = view.state.doc;
    for (const pointer of document.querySelector<HTMLInputElement>("#stops")?.value.split("\n") ?? []) this.stops.add(pointer);
    this.form = new StepForm(this, document.querySelector<HTMLElement>("#step-panel")!);
    diagram.classList.add("is-live");
    diagram.scrollLeft = (diagram.scrollWidth - diagram.clientWidth) / 2;
    diagram.addEventListener("click", (event) => this.clicked(event));
    diagram.addEventListener("focusin", (event) => {
      const pointer = (event.target as HTMLElement).dataset.pointer;
      // The source follows with the click: were the page to scroll now, the button would be let go over something else.
      if (pointer && pointer !== this.selected) this.select(pointer, { source: false });
    });
    diagram.addEventListener("keydown", (event) => this.key(event));
    draggable(this);
    document.addEventListener("gatewright:diagram", (event) => this.redraw((event as CustomEvent<Drawn>).detail));
    this.settle();
  }

  /** The text as it stands. */
  get text(): FlowText {
    const now = this.view.state.doc.toString();
    if (this.parsed?.text !== now) this.parsed = new FlowText(now);
    return this.parsed;
  }

  /** Call this whenever another step is selected, or the diagram is drawn anew. */
  watch(watcher: () => void): void {
    this.watchers.push(watcher);
  }

  cards(): HTMLElement[] {
    return [...this.diagram.querySelectorAll<HTMLElement>(".flow-card")];
  }

  card(pointer = this.selected): HTMLElement | undefined {
    return this.cards().find((card) => card.dataset.pointer === pointer);
  }

  /** Make a change of the text and draw it; one that the text does not allow is told. */
  edit(make: () => Change | Change[] | null, select?: string): boolean {
    try {
      const changes = make();
      if (!changes || (Array.isArray(changes) && !changes.length)) return false;
      if (select) this.selected = select;
      this.view.dispatch({ changes, userEvent: "input.diagram" });
      forceLinting(this.view);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.tell(error.message);
      return false;
    }
  }

  /** Let runs stop before a step, or not any more. */
  toggleStop(pointer = this.selected): void {
    if (!this.stops.delete(pointer)) this.stops.add(pointer);
    announce(this.stops.has(pointer) ? "Runs stop before this step." : "Runs do not stop here any more.");
    this.settle();
  }

  /** Show a step as the one that is worked on, here and in the source. */
  select(pointer: string, options: { focus?: boolean; source?: boolean } = {}): void {
    this.selected = pointer;
    this.settle();
    const card = this.card();
    if (!card) return;
    if (options.focus) card.focus();
    if (options.source === false) return;
    const line = this.view.state.doc.line(Math.min(Number(card.dataset.line), this.view.state.doc.lines));
    this.view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
  }

  /** Ask what kind of step, and put it in. */
  async add(place: Place): Promise<void> {
    const text = this.text;
    if (!text.readable) return this.tell("The source cannot be read as it stands. Mend it first.");
    const chosen = await chooseKind(place.after ? text.siblings(place.after) : text.siblings(`${place.list}/0/x`));
    if (!chosen) return this.card()?.focus();
    const list = place.list ?? listOf(place.after!);
    const index = place.after ? Number(place.after.split("/").at(-2)) + 1 : 0;
    const pointer = stepAt(list, index, chosen.name);
    if (this.edit(() => text.add(place, chosen.name, chosen.body), pointer)) {
      announce(`Step ${chosen.name} added.`);
      this.form.wantsFocus = true;
    }
  }

  remove(pointer = this.selected): void {
    const near = neighbour(this, pointer, "ArrowDown") ?? neighbour(this, pointer, "ArrowUp");
    const name = pointer.split("/").at(-1);
    const [list, index] = [listOf(pointer), Number(pointer.split("/").at(-2))];
    const names = this.text.siblings(pointer);
    const next = names[index + 1] ?? names[index - 1];
    const select = next ? stepAt(list, names[index + 1] ? index : index - 1, next) : (near?.dataset.pointer ?? "");
    if (this.edit(() => this.text.remove(pointer), select)) announce(`Step ${name} removed. Undo brings it back.`);
  }

  move(by: -1 | 1, pointer = this.selected): void {
    const list = listOf(pointer);
    const index = Number(pointer.split("/").at(-2));
    const name = this.text.siblings(pointer)[index];
    if (name && this.edit(() => this.text.move(pointer, by), stepAt(list, index + by, name))) {
      announce(`Step ${name} moved ${by < 0 ? "up" : "down"}.`);
    }
  }

  moveTo(pointer: string, place: Place): void {
    const name = pointer.split("/").at(-1)!;
    if (this.edit(() => this.text.moveTo(pointer, place))) announce(`Step ${name} moved.`);
  }

  undo(): void {
    undo(this.view);
    forceLinting(this.view);
  }

  redo(): void {
    redo(this.view);
    forceLinting(this.view);
  }

  tell(message: string): void {
    const place = document.querySelector<HTMLElement>("#flow-told");
    if (!place) return;
    place.textContent = message;
    place.hidden = false;
    setTimeout(() => (place.hidden = true), 8000);
  }

  /** Show a new diagram; the one of the same text may carry a run's marks, and stays. */
  private redraw({ text, diagram: html }: Drawn): void {
    if (this.drawn.eq(text)) return;
    this.drawn = text;
    const lost = this.diagram.contains(document.activeElement) || document.activeElement === document.body;
    const toCard = lost && !this.form.wantsFocus;
    const { scrollTop, scrollLeft } = this.diagram;
    this.diagram.innerHTML = html;
    this.diagram.scrollTo(scrollLeft, scrollTop);
    this.settle();
    if (toCard) this.card()?.focus();
  }

  /** Mark the selected card; only it is reached by Tab. */
  private settle(): void {
    const cards = this.cards();
    if (!this.card()) this.selected = cards[0]?.dataset.pointer ?? "";
    for (const card of cards) {
      const is = card.dataset.pointer === this.selected;
      card.tabIndex = is ? 0 : -1;
      card.toggleAttribute("aria-current", is);
      card.draggable = true;
      card.classList.toggle("is-stop", this.stops.has(card.dataset.pointer!));
    }
    const field = document.querySelector<HTMLInputElement>("#stops");
    if (field) field.value = cards.map((card) => card.dataset.pointer!).filter((pointer) => this.stops.has(pointer)).join("\n");
    this.form.show();
    for (const watcher of this.watchers) watcher();
  }

  private clicked(event: MouseEvent): void {
    const target = event.target as Element;
    const add = target.closest<HTMLElement>(".flow-add");
    if (add) return void this.add({ list: add.dataset.list, after: add.dataset.after });
    const card = target.closest<HTMLElement>(".flow-card");
    if (!card) return;
    event.preventDefault();
    this.select(card.dataset.pointer!, { focus: true });
  }

  private key(event: KeyboardEvent): void {
    if (!(event.target as Element).matches(".flow-card")) return;
    const control = event.ctrlKey || event.metaKey;
    const action = this.action(event, control);
    if (!action) return;
    event.preventDefault();
    action();
  }

  private action(event: KeyboardEvent, control: boolean): (() => void) | null {
    const key = event.key;
    if (control && key.toLowerCase() === "z") return () => (event.shiftKey ? this.redo() : this.undo());
    if (control && key.toLowerCase() === "y") return () => this.redo();
    if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) return () => this.move(key === "ArrowUp" ? -1 : 1);
    if (control || event.altKey) return null;
    if (key === "a") return () => void this.add({ after: this.selected });
    if (key === "A") return () => void this.add({ list: listOf(this.selected) });
    if (key === "Delete" || key === "Backspace") return () => this.remove();
    if (key === "b") return () => this.toggleStop();
    if (key === "Enter" || key === "F2") return () => this.form.focus();
    const next = neighbour(this, this.selected, key);
    return next ? () => this.select(next.dataset.pointer!, { focus: true }) : key.startsWith("Arrow") ? () => {} : null;
  }
}
