import { announce } from "./announce";
import type { FlowEditor } from "./flow-editor";
import { caseRows, pressedCase } from "./flow-cases";
import { COMMON, type Field, kindOf } from "./flow-kinds";
import { stepAt, listOf } from "./flow-text";
import { quoted } from "./flow-lines";
import { parseDocument } from "yaml";

/** The selected step's form. Each field is a part of the text; leaving it writes that part, and nothing else. */
export class StepForm {
  wantsFocus = false;
  private shown = "";

  constructor(private readonly editor: FlowEditor, private readonly panel: HTMLElement) {
    panel.addEventListener("change", (event) => this.changed(event.target as HTMLInputElement));
    panel.addEventListener("keydown", (event) => this.key(event));
    panel.addEventListener("click", (event) => this.pressed(event));
  }

  /** The form of the step that is selected now; what is being typed is left alone. */
  show(): void {
    const { selected, text } = this.editor;
    const state = `${selected}\n${this.editor.stops.has(selected)}\n${text.text}`;
    if (state === this.shown && this.panel.childElementCount) return;
    const active = document.activeElement as HTMLInputElement | null;
    const typed = active !== null && this.panel.contains(active) && active.matches("textarea, input[type=text]");
    if (typed && active.value !== active.defaultValue) return; // what is being typed stays; it is shown anew once it is left
    const kept = active && this.panel.contains(active) ? placeOf(active) : "";
    this.shown = state;
    this.panel.replaceChildren(...this.content());
    if (this.wantsFocus) this.focus();
    else if (kept) this.panel.querySelector<HTMLElement>(kept)?.focus();
    this.wantsFocus = false;
  }

  focus(): void {
    const field = this.panel.querySelector<HTMLInputElement>("[data-path]");
    field?.focus();
    if (field?.matches("input[type=text]")) field.select();
  }

  private content(): HTMLElement[] {
    const { selected, text } = this.editor;
    const card = this.editor.card();
    if (!card || !text.has(selected)) return [paragraph("Choose a step in the diagram, or add the first one.")];
    const kind = kindOf(card.dataset.kind!, text.value(selected, ["call"]));
    const title = document.createElement("h2");
    title.textContent = kind?.label ?? "Step";
    const actions = document.createElement("div");
    actions.className = "actions";
    actions.append(
      action("up", "Move up", "Alt+↑"), action("down", "Move down", "Alt+↓"), action("add", "Add after", "a"), action("stop", this.editor.stops.has(selected) ? "Do not stop here" : "Stop here", "b"),
      action("remove", "Remove", "Del"),
    );
    const name = this.field({ label: "Name", path: [], type: "text" }, selected.split("/").at(-1)!);
    const own = (kind?.fields ?? []).map((field) => this.field(field));
    const more = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = "Conditions and data";
    more.append(summary, ...COMMON.map((field) => this.field(field)));
    more.open = COMMON.some((field) => text.has(selected) && text.value(selected, field.path) !== undefined);
    return [title, name, ...own, more, actions];
  }

  private field(field: Field, value?: string): HTMLElement {
    const { selected, text } = this.editor;
    const rows = field.type === "cases" ? caseRows(this.editor) : null;
    if (rows) return titled(field, rows);
    const known = value ?? text.source(selected, field.path);
    const path = JSON.stringify(field.path);
    const id = `step-${field.path.join("-") || "name"}`;
    const label = document.createElement("label");
    label.htmlFor = id;
    label.textContent = field.label;
    const control = this.control(field, known);
    control.id = id;
    control.dataset.path = path;
    control.dataset.type = field.type === "cases" ? "yaml" : field.type;
    const row = document.createElement("div");
    row.className = field.type === "tick" ? "step-field is-tick" : "step-field";
    row.append(...(field.type === "tick" ? [control, label] : [label, control]));
    if (field.help) {
      const help = paragraph(field.help);
      help.className = "step-help";
      help.id = `${id}-help`;
      control.setAttribute("aria-describedby", help.id);
      row.append(help);
    }
    return row;
  }

  private control(field: Field, value: string): HTMLElement {
    if (field.type === "tick") {
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = value === "true";
      return box;
    }
    if (field.type === "choice" || field.type === "step") return this.choice(field, value);
    if (field.type === "yaml" || field.type === "cases") {
      const area = document.createElement("textarea");
      area.defaultValue = value;
      area.rows = Math.min(Math.max(value.split("\n").length, 1), 14);
      area.spellcheck = false;
      area.placeholder = field.hint ?? "";
      return area;
    }
    const input = document.createElement("input");
    input.type = "text";
    input.defaultValue = value;
    input.autocomplete = "off";
    input.spellcheck = false;
    input.placeholder = field.hint ?? "";
    if (field.type === "service") input.setAttribute("list", "services");
    return input;
  }

  private choice(field: Field, value: string): HTMLSelectElement {
    const select = document.createElement("select");
    const index = Number(this.editor.selected.split("/").at(-2));
    const names = this.editor.text.siblings(this.editor.selected).filter((_, at) => at !== index);
    const offered = field.choices ?? ["", ...names, "exit", "end"];
    const words: Record<string, string> = { exit: "leave this list", end: "end the flow" };
    for (const each of offered.includes(value.toLowerCase()) || !value ? offered : [value, ...offered]) {
      const shown = words[each] && !field.choices ? `${each}: ${words[each]}` : each;
      select.append(new Option(shown || (field.choices ? "content (default)" : "the next step"), each, false, each === value));
    }
    if (field.choices?.includes(value.toLowerCase())) select.value = value.toLowerCase();
    return select;
  }

  private changed(control: HTMLInputElement): void {
    if (!control.dataset.path) return;
    const path = JSON.parse(control.dataset.path) as (string | number)[];
    const { text } = this.editor;
    const selected = control.dataset.pointer ?? this.editor.selected;
    control.defaultValue = control.value; // it is in the text from here on
    if (!path.length) return this.rename(control);
    const type = control.dataset.type;
    const value = type === "tick" ? (control.checked ? "true" : "") : control.value;
    const error = type === "yaml" ? yamlProblem(value) : "";
    control.setCustomValidity(error);
    control.setAttribute("aria-invalid", String(error !== ""));
    if (error) return this.editor.tell(error);
    const whole = /^\$\{[\s\S]*\}$/.test(value.trim());
    this.editor.edit(() => {
      if (type === "yaml" && !whole) return text.set(selected, path, value);
      if (type === "plain" || type === "tick") return text.set(selected, path, value);
      return text.setText(selected, path, type === "yaml" ? value.trim() : value);
    });
  }

  private rename(control: HTMLInputElement): void {
    const { text } = this.editor;
    const selected = control.dataset.pointer ?? this.editor.selected;
    const name = control.value.trim();
    const pointer = control.dataset.pointer ? undefined : stepAt(listOf(selected), Number(selected.split("/").at(-2)), name);
    if (!this.editor.edit(() => text.rename(selected, name), pointer)) control.value = control.defaultValue = selected.split("/").at(-1)!;
    else announce(`Renamed to ${name}.`);
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.editor.card()?.focus();
  }

  private pressed(event: Event): void {
    const own = (event.target as Element).closest<HTMLElement>(".case-add, .case-remove");
    if (own && pressedCase(this.editor, own)) return;
    const name = (event.target as Element).closest<HTMLElement>("[data-action]")?.dataset.action;
    if (name === "up") this.editor.move(-1);
    if (name === "down") this.editor.move(1);
    if (name === "remove") this.editor.remove();
    if (name === "stop") this.editor.toggleStop();
    if (name === "add") void this.editor.add({ after: this.editor.selected });
  }
}

/** What finds this control again in a form that is made anew. */
function placeOf(control: HTMLElement): string {
  const { path, pointer, action } = control.dataset;
  if (action) return `[data-action='${action}']`;
  if (path === undefined) return "";
  return `[data-path='${path}']${pointer ? `[data-pointer='${CSS.escape(pointer)}']` : ":not([data-pointer])"}`;
}

/** Rows under the field's name, with its help. */
function titled(field: Field, rows: HTMLElement): HTMLElement {
  const element = document.createElement("div");
  element.className = "step-field";
  const title = document.createElement("h3");
  title.textContent = field.label;
  const help = paragraph(field.help ?? "");
  help.className = "step-help";
  element.append(title, rows, help);
  return element;
}

function yamlProblem(source: string): string {
  if (/^\$\{[\s\S]*\}$/.test(source.trim())) return "";
  const found = parseDocument(source).errors[0];
  return found ? `Not YAML: ${found.message.split("\n")[0]} A text that holds ': ' needs quotes: ${quoted("a: b", "QUOTE_SINGLE")}.` : "";
}

function action(name: string, label: string, key: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button is-small";
  button.dataset.action = name;
  button.textContent = label;
  button.title = key;
  return button;
}

function paragraph(text: string): HTMLParagraphElement {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}
