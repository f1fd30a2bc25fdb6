import { KINDS } from "./flow-kinds";

export interface Chosen {
  name: string;
  body: string;
}

/** Ask which kind of step to add, in a dialog that arrows and letters walk. Null when it is closed without a choice. */
export function chooseKind(taken: string[]): Promise<Chosen | null> {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog kind-dialog";
  dialog.setAttribute("aria-label", "Add a step");
  const heading = document.createElement("h2");
  heading.textContent = "Add a step";
  const list = document.createElement("div");
  list.className = "kind-list";
  for (const [key, kind] of Object.entries(KINDS)) list.append(button(key, kind.label, kind.about));
  dialog.append(heading, list);
  document.body.append(dialog);
  dialog.addEventListener("keydown", (event) => walk(event, [...list.children] as HTMLElement[]));
  dialog.showModal();
  return new Promise((resolve) => {
    list.addEventListener("click", (event) => {
      const chosen = (event.target as Element).closest<HTMLElement>("[data-kind]")?.dataset.kind;
      if (chosen) dialog.close(chosen);
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      const kind = KINDS[dialog.returnValue];
      const name = dialog.returnValue;
      dialog.remove();
      resolve(kind ? { name: free(name, taken), body: kind.body } : null);
    });
  });
}

function button(key: string, label: string, about: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.dataset.kind = key;
  const title = document.createElement("b");
  title.textContent = label;
  const help = document.createElement("small");
  help.textContent = about;
  element.append(title, help);
  return element;
}

function walk(event: KeyboardEvent, buttons: HTMLElement[]): void {
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (by) {
    event.preventDefault();
    buttons[(at + by + buttons.length) % buttons.length]!.focus();
  } else if (/^[a-z]$/i.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const same = [...buttons.slice(at + 1), ...buttons].find((each) => each.textContent!.toLowerCase().startsWith(event.key.toLowerCase()));
    same?.focus();
  }
}

/** The kind's name, with a number when another step has it. */
function free(name: string, taken: string[]): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}
