import type { FlowEditor } from "./flow-editor";

const NEW = "when: .name == \"value\"\nthen: continue";

/** The rows of a switch's cases: name, condition, and where each leads. Null when they are to be written in the source. */
export function caseRows(editor: FlowEditor): HTMLElement | null {
  const { selected, text } = editor;
  const cases = text.cases(selected);
  if (!cases) return null;
  const list = document.createElement("div");
  list.className = "case-rows";
  for (const pointer of cases) list.append(row(editor, pointer));
  const add = button("Add a case", "case-add");
  add.dataset.after = cases.at(-1) ?? "";
  list.append(add);
  return list;
}

/** Do what a pressed button of the rows says; false when it is none of them. */
export function pressedCase(editor: FlowEditor, target: HTMLElement): boolean {
  const { text } = editor;
  const { after, gone } = target.dataset;
  if (after) {
    const taken = text.siblings(after);
    let name = "case";
    for (let number = 2; taken.includes(name); number++) name = `case${number}`;
    editor.edit(() => text.add({ after }, name, NEW));
    return true;
  }
  if (!gone) return false;
  if (text.siblings(gone).length === 1) editor.tell("A switch has at least one case. Remove the switch instead.");
  else editor.edit(() => text.remove(gone));
  return true;
}

function row(editor: FlowEditor, pointer: string): HTMLElement {
  const { text, selected } = editor;
  const name = pointer.split("/").at(-1)!;
  const own = Number(selected.split("/").at(-2));
  const steps = text.siblings(selected).filter((_, at) => at !== own);
  const then = text.source(pointer, ["then"]);
  const element = document.createElement("div");
  element.className = "case-row";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", `Case ${name}`);
  const goal = control(document.createElement("select"), pointer, ["then"], "step", "Then") as HTMLSelectElement;
  for (const each of new Set([...(then ? [then] : []), "continue", ...steps, "exit", "end"])) goal.append(new Option(each, each, false, each === then));
  const remove = button("Remove", "case-remove");
  remove.dataset.gone = pointer;
  remove.setAttribute("aria-label", `Remove the case ${name}`);
  element.append(
    typed(pointer, [], "text", "Case", name, ""), typed(pointer, ["when"], "text", "When", text.source(pointer, ["when"]), "in all other cases"), goal, remove,
  );
  return element;
}

function typed(pointer: string, path: string[], type: string, label: string, value: string, hint: string): HTMLInputElement {
  const input = control(document.createElement("input"), pointer, path, type, label) as HTMLInputElement;
  input.type = "text";
  input.defaultValue = value;
  input.autocomplete = "off";
  input.spellcheck = false;
  input.placeholder = hint;
  return input;
}

function control(element: HTMLElement, pointer: string, path: string[], type: string, label: string): HTMLElement {
  element.dataset.pointer = pointer;
  element.dataset.path = JSON.stringify(path);
  element.dataset.type = type;
  element.setAttribute("aria-label", label);
  return element;
}

function button(text: string, kind: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `button is-small ${kind}`;
  element.textContent = text;
  return element;
}
