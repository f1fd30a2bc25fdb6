import { announce } from "./announce";

/** A ticked box belongs to the left pane, an unticked one to the right: move the row when its box changes. */
export function transferLists(): void {
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    const lists = box.closest(".transfer");
    const row = box.closest<HTMLElement>(".transfer-row");
    if (!lists || !row || box.type !== "checkbox") return;
    const pane = lists.querySelector<HTMLElement>(box.checked ? "[data-pane=members]" : "[data-pane=others]");
    if (!pane) return;
    const after = [...pane.querySelectorAll<HTMLElement>(".transfer-row")].find((r) => label(r) > label(row));
    pane.insertBefore(row, after ?? pane.querySelector(".transfer-none"));
    box.focus({ preventScroll: true });
    for (const count of lists.querySelectorAll<HTMLElement>("[data-count]")) {
      count.textContent = String(lists.querySelectorAll(`[data-pane=${count.dataset.count}] .transfer-row`).length);
    }
    announce(`${label(row)} ${box.checked ? "added" : "removed"}`);
  });
}

function label(row: HTMLElement): string {
  return row.dataset.row ?? "";
}
