import { type Completion, type CompletionContext, type CompletionResult, type CompletionSource, snippetCompletion } from "@codemirror/autocomplete";
import { DIRECTIVES, KEYWORDS, SNIPPETS, VARIABLES } from "./editor-language";

interface Word {
  label: string;
  detail: string;
  info?: string;
}

/** What the page tells of this server: its services and its connections. */
export interface Words {
  services: Word[];
  connections: Word[];
}

/** The words in the JSON element `place`. */
export function readWords(place: string): Words {
  const data = place ? document.querySelector(place)?.textContent : null;
  return data ? (JSON.parse(data) as Words) : { services: [], connections: [] };
}

const STEPS: Completion[] = SNIPPETS.map(([label, template, detail]) => snippetCompletion(template, { label, detail, type: "keyword" }));
const KEYS: Completion[] = Object.entries(KEYWORDS).map(([label, detail]) => ({ label, detail, type: "property", apply: `${label}: ` }));

/** Completes keys, and where a value may stand services, connections, steps and variables. */
export function flowCompletions(words: Words): CompletionSource {
  const services = words.services.map((word) => ({ ...word, type: "function" }));
  const connections = words.connections.map((word) => ({ ...word, type: "constant" }));
  return (context: CompletionContext): CompletionResult | null => {
    const variable = context.matchBefore(/\$\w*/);
    if (variable && !context.matchBefore(/\$\{\w*/)) return { from: variable.from, options: variables(context), validFor: /^\$\w*$/ };
    const value = (options: Completion[]): CompletionResult => {
      const typed = context.matchBefore(/[\w.:-]*$/);
      return { from: typed?.from ?? context.pos, options, validFor: /^[\w.:-]*$/ };
    };
    if (context.matchBefore(/\b(?:call|name|service):\s+['"]?[\w.:-]*/)) return value(services);
    if (context.matchBefore(/\buse:\s+['"]?[\w-]*/)) return value(connections);
    if (context.matchBefore(/\bthen:\s+['"]?[\w-]*/)) return value(steps(context));
    return keys(context);
  };
}

function keys(context: CompletionContext): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  if (!/^\s*(?:- )*[\w]*$/.test(line.text.slice(0, context.pos - line.from))) return null;
  const word = context.matchBefore(/\w+/);
  if (!word && !context.explicit) return null;
  return { from: word?.from ?? context.pos, options: [...STEPS, ...KEYS], validFor: /^\w*$/ };
}

/** The standard's variables, and those that loops and catches of this text make. */
function variables(context: CompletionContext): Completion[] {
  const own = new Set<string>(["item", "index"]);
  for (const match of context.state.doc.toString().matchAll(/\b(?:each|at|as):\s+([A-Za-z_]\w*)/g)) own.add(match[1]!);
  return [
    ...Object.entries(VARIABLES).map(([label, detail]) => ({ label: `$${label}`, detail, type: "variable" })),
    ...[...own].map((name) => ({ label: `$${name}`, detail: "of a loop or a catch", type: "variable" })),
  ];
}

function steps(context: CompletionContext): Completion[] {
  const names = new Set<string>();
  for (const match of context.state.doc.toString().matchAll(/^\s*- ([A-Za-z_][\w-]*):/gm)) names.add(match[1]!);
  return [
    ...Object.entries(DIRECTIVES).map(([label, detail]) => ({ label, detail, type: "keyword" })),
    ...[...names].map((label) => ({ label, detail: "step", type: "text" })),
  ];
}
