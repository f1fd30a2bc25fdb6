// What lies around the diagram and the source: the bar above, the tabs of the panel, and the data of the last run.
import type { EditorView } from "@codemirror/view";
import type { FlowEditor } from "./flow-editor";

const VIEW = "gatewright:flow-view";

/** Make the workbench live. */
export function bench(editor: FlowEditor): void {
  tabs();
  views();
  buttons(editor);
  followCursor(editor);
  runs(editor);
  sendPlainly();
  tellOvertaken(editor);
}

/** Say once that somebody else has saved the flow that is open here. */
function tellOvertaken(editor: FlowEditor): void {
  const sentence = "Somebody else has saved this flow meanwhile. Saving yours will show you both texts.";
  document.addEventListener("gatewright:overtaken", () => editor.tell(sentence), { once: true });
}

/** A button that sends the source to another page, past the script that saves it in place. */
function sendPlainly(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-send-to]");
    const form = document.querySelector<HTMLFormElement>("#source-form");
    if (!button || !form) return;
    document.dispatchEvent(new CustomEvent("gatewright:saved")); // nothing is lost: the next page has the text
    form.action = form.action.replace(/\/[^/?]*\?/, `/${button.dataset.sendTo}?`);
    form.submit();
  });
}

function tabs(): void {
  const list = document.querySelector<HTMLElement>(".panel-tabs");
  if (!list) return;
  list.hidden = false;
  const all = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  for (const tab of all) tab.addEventListener("click", () => showTab(tab.id));
  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = all[(all.indexOf(document.activeElement as HTMLElement) + 1) % all.length]!;
    showTab(other.id);
    other.focus();
  });
  showTab("tab-run");
}

function showTab(id: string): void {
  for (const tab of document.querySelectorAll<HTMLElement>(".panel-tabs [role=tab]")) {
    const is = tab.id === id;
    tab.setAttribute("aria-selected", String(is));
    tab.tabIndex = is ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")!)!.hidden = !is;
  }
}

function views(): void {
  const choice = document.querySelector<HTMLElement>(".view-choice");
  const workbench = document.querySelector<HTMLElement>(".flow-workbench");
  if (!choice || !workbench) return;
  choice.hidden = false;
  const show = (view: string): void => {
    workbench.dataset.view = view;
    for (const button of choice.querySelectorAll<HTMLElement>("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
  };
  choice.addEventListener("click", (event) => {
    const view = (event.target as Element).closest<HTMLElement>("[data-view]")?.dataset.view;
    if (!view) return;
    show(view);
    localStorage.setItem(VIEW, view);
  });
  show(localStorage.getItem(VIEW) ?? "both");
}

function buttons(editor: FlowEditor): void {
  const bar = document.querySelector<HTMLElement>(".flow-bar");
  for (const button of bar?.querySelectorAll<HTMLElement>("[data-undo], [data-redo]") ?? []) button.hidden = false;
  bar?.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-undo]")) editor.undo();
    if (target.closest("[data-redo]")) editor.redo();
  });
  editor.diagram.addEventListener("click", (event) => (event.target as Element).closest(".flow-card") && showTab("tab-step"));
  editor.diagram.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === "a") && showTab("tab-step"), true);
  document.addEventListener("htmx:beforeRequest", (event) => (event.target as Element).id === "run-form" && showTab("tab-run"));
}

/** The step in whose lines the source's cursor stands is the selected one. */
function followCursor(editor: FlowEditor): void {
  const { view } = editor;
  let line = 0;
  const follow = (): void => {
    const now = lineOf(view);
    if (now === line || !view.hasFocus) return;
    line = now;
    const card = editor.cards().filter((each) => Number(each.dataset.line) <= now).at(-1);
    if (card && card.dataset.pointer !== editor.selected) {
      editor.select(card.dataset.pointer!, { source: false });
      card.scrollIntoView({ block: "nearest" });
    }
  };
  view.dom.addEventListener("keyup", follow);
  view.dom.addEventListener("mouseup", follow);
}

function lineOf(view: EditorView): number {
  return view.state.doc.lineAt(view.state.selection.main.head).number;
}

/** Below the selected step's form: what the last run gave it, turn by turn. */
function runs(editor: FlowEditor): void {
  const place = document.querySelector<HTMLElement>("#step-run")!;
  const show = (): void => {
    const records = [...document.querySelectorAll<HTMLElement>("#result .trace-step")];
    const own = records.filter((record) => record.dataset.pointer === editor.selected);
    place.replaceChildren(...own.slice(0, 50).map((record, at) => shown(record, at, own.length)));
    place.hidden = own.length === 0;
  };
  editor.watch(show);
  document.addEventListener("htmx:afterSettle", show);
  document.addEventListener("htmx:oobAfterSwap", () => editor.select(editor.selected, { source: false }));
  show();
}

function shown(record: HTMLElement, at: number, count: number): HTMLElement {
  const detail = record.querySelector(".trace-detail")!.cloneNode(true) as HTMLElement;
  for (const element of detail.querySelectorAll("[id]")) element.removeAttribute("id");
  for (const element of detail.querySelectorAll("button, [data-go-line]")) element.remove();
  const box = document.createElement("details");
  box.open = at === 0;
  const summary = document.createElement("summary");
  const time = record.querySelector("summary .number")?.textContent ?? "";
  summary.textContent = count > 1 ? `${record.dataset.turn || `Time ${at + 1}`}, ${time}` : `Last run, ${time}`;
  box.append(summary, detail);
  return box;
}
