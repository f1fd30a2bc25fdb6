/** Forms with `data-guard` ask before what was typed is lost; `data-dirty` marks one that came back with errors. */
export function unsavedChanges(): void {
  const first = new Map<HTMLFormElement, string>();
  const watch = (): void => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-guard]")) {
      if (!first.has(form)) first.set(form, "dirty" in form.dataset ? "" : state(form));
    }
  };
  let leaving = false;
  watch();
  document.addEventListener("gatewright:saved", () => {
    first.clear();
    watch();
  });
  document.addEventListener("submit", (event) => {
    if (!(event.target as Element).matches("[hx-post]")) leaving = true;
  });
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    const changed = [...first].some(([form, before]) => form.isConnected && state(form) !== before);
    if (changed && !leaving) event.preventDefault();
  });
}

function state(form: HTMLFormElement): string {
  return new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)])).toString();
}

/** A form that came back with errors: their list has the focus, so that it is read at once, and Tab leads to the fields. */
export function refusedForm(): void {
  document.getElementById("errors")?.focus();
}

/** Typing in the number beside a radio button chooses that button. */
export function choiceInputs(): void {
  document.addEventListener("input", (event) => {
    const field = event.target as HTMLInputElement;
    if (!field.matches(".choice input:not([type=radio], [type=checkbox])")) return;
    const choice = field.closest(".choice")?.querySelector<HTMLInputElement>("input[type=radio]");
    if (choice) choice.checked = true;
  });
}
