import type { FlowEditor } from "./flow-editor";

/** A card is dragged to any place where a step can be added. */
export function draggable(editor: FlowEditor): void {
  let dragged = "";
  const { diagram } = editor;
  diagram.addEventListener("dragstart", (event) => {
    const card = (event.target as Element).closest<HTMLElement>(".flow-card");
    dragged = card?.dataset.pointer ?? "";
    event.dataTransfer?.setData("text/plain", dragged);
    diagram.classList.toggle("is-dragging", dragged !== "");
  });
  diagram.addEventListener("dragend", () => {
    dragged = "";
    diagram.classList.remove("is-dragging");
    for (const place of diagram.querySelectorAll(".is-goal")) place.classList.remove("is-goal");
  });
  const goal = (event: Event): HTMLElement | null => (dragged ? (event.target as Element).closest<HTMLElement>(".flow-add") : null);
  diagram.addEventListener("dragover", (event) => {
    const place = goal(event);
    for (const other of diagram.querySelectorAll(".is-goal")) other.classList.toggle("is-goal", other === place);
    if (!place) return;
    place.classList.add("is-goal");
    event.preventDefault();
  });
  diagram.addEventListener("drop", (event) => {
    const place = goal(event);
    if (!place) return;
    event.preventDefault();
    editor.moveTo(dragged, { list: place.dataset.list, after: place.dataset.after });
  });
}
