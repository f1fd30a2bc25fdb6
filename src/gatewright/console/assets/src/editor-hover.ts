import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { KEYWORDS, VARIABLES } from "./editor-language";
import type { Words } from "./editor-words";

/** Help for what the pointer rests on: a key of the language, a variable, or a service with its signature. */
export function hoverHelp(words: Words): Extension {
  const services = new Map(words.services.map((word) => [word.label, word]));
  const connections = new Map(words.connections.map((word) => [word.label, word]));
  return hoverTooltip((view, pos) => {
    const line = view.state.doc.lineAt(pos);
    for (const match of line.text.matchAll(/[$\w][\w.-]*(?::[\w-]+)?/g)) {
      const from = line.from + match.index;
      const to = from + match[0].length;
      if (pos < from || pos > to) continue;
      const service = services.get(match[0]);
      const isKey = line.text[match.index + match[0].length] === ":";
      const connection = /\buse:\s*['"]?$/.test(line.text.slice(0, match.index)) ? connections.get(match[0]) : undefined;
      const variable = match[0].startsWith("$") ? VARIABLES[match[0].slice(1)] : undefined;
      const title = service?.label ?? match[0];
      const text = service ? `${service.detail}\n${service.info ?? ""}` : connection?.detail ?? variable ?? (isKey ? KEYWORDS[match[0]] : undefined);
      return text ? { pos: from, end: to, above: true, create: () => ({ dom: shown(title, text) }) } : null;
    }
    return null;
  });
}

function shown(title: string, text: string): HTMLElement {
  const dom = document.createElement("div");
  dom.className = "hover-help";
  const heading = document.createElement("b");
  heading.textContent = title;
  const body = document.createElement("p");
  body.textContent = text.trim();
  dom.append(heading, body);
  return dom;
}
