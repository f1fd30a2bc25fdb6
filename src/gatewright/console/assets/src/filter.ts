import { announce } from "./announce";

/** `<input data-filter="#list">` hides the list's `[data-row]` elements whose text lacks one of the typed words. */
export function rowFilters(): void {
  document.addEventListener("input", (event) => {
    const field = event.target as HTMLInputElement;
    const list = field.dataset.filter && document.querySelector(field.dataset.filter);
    if (list) filter(list, field.value);
  });
}

function filter(list: Element, typed: string): void {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of list.querySelectorAll<HTMLElement>("[data-row]")) {
    const text = (row.dataset.row || row.textContent || "").toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  for (const folder of list.querySelectorAll<HTMLDetailsElement>("details.folder")) {
    const inside = folder.querySelector("[data-row]:not([hidden])") !== null;
    folder.hidden = words.length > 0 && !inside;
    if (words.length > 0 && inside) folder.open = true;
  }
  list.toggleAttribute("data-none-match", shown === 0);
  announce(words.length ? `${shown} shown` : "");
}
