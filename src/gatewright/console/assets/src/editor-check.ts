import type { Diagnostic } from "@codemirror/lint";
import type { EditorView } from "@codemirror/view";

/** What the check address answers: places count from 1, an end is optional. */
interface Problem {
  line: number;
  column: number;
  end_line?: number;
  end_column?: number;
  severity: "error" | "warning";
  message: string;
}

/**
 * A linter that sends the whole form to the field's `data-check` address and marks what comes back.
 * A diagram that comes with it is handed on by the event `gatewright:diagram`, unless the text is another by then.
 */
export function checkSource(field: HTMLTextAreaElement): (view: EditorView) => Promise<Diagnostic[]> {
  return async (view) => {
    const body = new URLSearchParams();
    const sent = view.state.doc;
    for (const [name, value] of new FormData(field.form!)) body.append(name, String(value));
    const answer = await fetch(field.dataset.check!, { method: "POST", body, credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok || answer.redirected) return []; // signed out: Save says so
    const { problems, diagram, changed } = (await answer.json()) as { problems: Problem[]; diagram?: string; changed?: boolean };
    if (changed) document.dispatchEvent(new CustomEvent("gatewright:overtaken"));
    if (diagram !== undefined && view.state.doc.eq(sent)) {
      document.dispatchEvent(new CustomEvent("gatewright:diagram", { detail: { text: sent, diagram } }));
    }
    return problems.map((problem) => diagnostic(view, problem));
  };
}

function diagnostic(view: EditorView, problem: Problem): Diagnostic {
  const from = offset(view, problem.line, problem.column);
  const line = view.state.doc.lineAt(from);
  const to = problem.end_line ? offset(view, problem.end_line, problem.end_column ?? 1) : line.to;
  return { from, to: Math.max(to, from), severity: problem.severity, message: problem.message };
}

function offset(view: EditorView, line: number, column: number): number {
  const found = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
  return Math.min(found.from + Math.max(column - 1, 0), found.to);
}
