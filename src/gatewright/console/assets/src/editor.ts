// The flow editor's bundle. The textarea stays the form's field: without this file one edits in it directly.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintGutter, linter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, placeholder,
} from "@codemirror/view";
import { checkSource } from "./editor-check";
import { hoverHelp } from "./editor-hover";
import { flowCompletions, readWords } from "./editor-words";
import { isDark, lookExtension } from "./editor-look";
import { FlowEditor } from "./flow-editor";
import { bench } from "./flow-bench";

function mount(field: HTMLTextAreaElement): EditorView {
  const look = new Compartment();
  const readOnly = field.readOnly || field.disabled;
  const extensions: Extension[] = [
    EditorView.cspNonce.of(field.dataset.nonce ?? ""),
    EditorView.contentAttributes.of({
      tabindex: "0",
      "aria-label": field.labels?.[0]?.textContent?.trim() ?? "Source",
      ...(field.getAttribute("aria-describedby") ? { "aria-describedby": field.getAttribute("aria-describedby")! } : {}),
    }),
    EditorState.readOnly.of(readOnly),
    history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), indentUnit.of("  "),
    search({ top: true }), highlightSelectionMatches(),
    look.of(lookExtension(isDark())),
    placeholder(field.placeholder),
    ...language(field),
    keymap.of([
      { key: "Ctrl-Enter", mac: "Cmd-Enter", run: runForm }, // before the default, which adds a blank line
      ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap,
      ...lintKeymap, indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) field.value = update.state.doc.toString();
    }),
  ];
  const view = new EditorView({ doc: field.value, extensions });
  field.after(view.dom);
  field.hidden = true;
  field.labels?.[0]?.addEventListener("click", () => view.focus());
  const relook = (): void => view.dispatch({ effects: look.reconfigure(lookExtension(isDark())) });
  document.addEventListener("gatewright:theme", relook);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", relook);
  return view;
}

function language(field: HTMLTextAreaElement): Extension[] {
  if (field.dataset.editor === "json") return [json(), linter(jsonWhenTyped, { delay: 500 })];
  const words = readWords(field.dataset.words ?? "");
  const parts: Extension[] = [
    lineNumbers(), foldGutter(), highlightActiveLine(), highlightActiveLineGutter(), yaml(), lintGutter(),
    autocompletion({ override: [flowCompletions(words)] }), hoverHelp(words),
  ];
  if (field.dataset.check) parts.push(linter(checkSource(field), { delay: 400 }));
  return parts;
}

const parseJson = jsonParseLinter();
function jsonWhenTyped(view: EditorView): ReturnType<typeof parseJson> {
  return view.state.doc.toString().trim() ? parseJson(view) : [];
}

function runForm(): boolean {
  document.querySelector<HTMLElement>("[data-run]")?.click();
  return true;
}

const views = new Map<string, EditorView>();
for (const field of document.querySelectorAll<HTMLTextAreaElement>("textarea[data-editor]")) {
  views.set(field.id, mount(field));
}

const source = views.get("source");
const diagram = document.querySelector<HTMLElement>("#diagram");
if (source && diagram) bench(new FlowEditor(source, diagram));

// A button of another form's field sends the form as a page does, past the script that runs it in place.
document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>("[data-submit]");
  if (!button?.form) return;
  event.preventDefault();
  button.form.action = button.getAttribute("formaction")!;
  button.form.submit();
});

// An example takes the place of what stands in the input.
document.addEventListener("click", (event) => {
  const example = (event.target as Element).closest<HTMLElement>("[data-input]");
  const view = example && views.get("input");
  if (!example || !view) return;
  event.preventDefault();
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: example.dataset.input! } });
  view.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
    event.preventDefault();
    runForm();
  }
});

// A step of the trace or a problem of the list shows its line in the source.
document.addEventListener("click", (event) => {
  const place = (event.target as Element).closest<HTMLElement>("[data-go-line]");
  const view = place && views.get("source");
  if (!place || !view) return;
  event.preventDefault();
  const number = Math.min(Math.max(Number(place.dataset.goLine), 1), view.state.doc.lines);
  const line = view.state.doc.line(number);
  view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
  view.focus();
});
