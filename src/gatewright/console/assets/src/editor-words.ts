import { type Completion, type CompletionContext, type CompletionResult, type CompletionSource, snippetCompletion } from "@codemirror/autocomplete";

/** The words of the flow language, each with the shape it usually takes. */
const STEPS: Completion[] = [
  ["do", "do:\n  - ${step}:\n      ${}", "steps in order"],
  ["set", "set:\n  ${name}: ${value}", "make a new value"],
  ["call", "call: ${service}\nwith:\n  ${name}: ${value}", "call a service or function"],
  ["call: http", "call: http\nwith:\n  method: ${get}\n  endpoint: ${https://}", "call an address"],
  ["switch", "switch:\n  - ${case}:\n      when: ${condition}\n      then: ${step}", "branch on a condition"],
  ["for", "for:\n  each: ${item}\n  in: ${.items}\ndo:\n  - ${step}:\n      ${}", "once for each item"],
  ["fork", "fork:\n  branches:\n    - ${name}:\n        ${}", "branches side by side"],
  ["try", "try:\n  - ${step}:\n      ${}\ncatch:\n  errors:\n    with:\n      status: ${404}\n  do:\n    - ${mend}:\n        ${}", "mend what fails"],
  ["raise", "raise:\n  error:\n    type: ${validation}\n    status: ${400}\n    title: ${title}", "end with an error"],
  ["run", "run:\n  workflow:\n    namespace: ${folder}\n    name: ${service}\n    version: '1.0.0'", "run another flow"],
  ["wait", "wait:\n  milliseconds: ${100}", "pause"],
].map(([label, template, detail]) => snippetCompletion(template!, { label: label!, detail: detail!, type: "keyword" }));

const KEYS: Completion[] = [
  ["document", "name and version of the flow"], ["dsl", "version of the language"], ["namespace", "the folder"],
  ["name", ""], ["version", ""], ["title", ""], ["summary", ""], ["input", "what comes in"], ["output", "what goes out"],
  ["schema", "JSON Schema"], ["from", "choose from the input"], ["as", "shape the output"], ["export", "keep in the context"],
  ["if", "only when true"], ["then", "the next step; end, exit, continue"], ["with", "arguments"], ["when", ""],
  ["each", ""], ["in", ""], ["at", ""], ["while", ""], ["catch", ""], ["errors", ""], ["retry", ""], ["timeout", ""],
  ["method", ""], ["endpoint", ""], ["headers", ""], ["query", ""], ["body", ""], ["use", "shared parts"], ["metadata", ""],
].map(([label, detail]) => ({ label: label!, detail: detail!, type: "property", apply: `${label}: ` }));

/** Completes keys where a key may stand, and the names in the JSON element `words` where a value may. */
export function flowCompletions(words: string): CompletionSource {
  const data = words ? document.querySelector(words)?.textContent : null;
  const names = (data ? (JSON.parse(data) as Completion[]) : []).map((word) => ({ type: "function", ...word }));
  return (context: CompletionContext): CompletionResult | null => {
    const value = context.matchBefore(/(?:call|name):\s+['"]?[\w.:-]*/);
    if (value) {
      const typed = context.matchBefore(/[\w.:-]*$/);
      return { from: typed?.from ?? context.pos, options: names, validFor: /^[\w.:-]*$/ };
    }
    const line = context.state.doc.lineAt(context.pos);
    if (!/^\s*(?:- )*[\w]*$/.test(line.text.slice(0, context.pos - line.from))) return null;
    const word = context.matchBefore(/\w+/);
    if (!word && !context.explicit) return null;
    return { from: word?.from ?? context.pos, options: [...STEPS, ...KEYS], validFor: /^\w*$/ };
  };
}
