import type { FlowEditor } from "./flow-editor";

/** The card that an arrow key leads to: up and down along the text, right into a step or to the next branch, left back. */
export function neighbour(editor: FlowEditor, pointer: string, key: string): HTMLElement | undefined {
  const cards = editor.cards();
  const at = cards.findIndex((card) => card.dataset.pointer === pointer);
  const card = cards[at];
  if (!card) return cards[0];
  if (key === "ArrowDown") return cards[at + 1];
  if (key === "ArrowUp") return cards[at - 1];
  if (key === "Home") return cards[0];
  if (key === "End") return cards.at(-1);
  if (key === "ArrowRight") return inside(card) ?? beside(card, "nextElementSibling");
  if (key === "ArrowLeft") return beside(card, "previousElementSibling") ?? around(cards, pointer);
  return undefined;
}

function inside(card: HTMLElement): HTMLElement | undefined {
  const within = card.parentElement?.querySelector<HTMLElement>(":scope > .flow-frames .flow-card");
  const row = card.parentElement?.parentElement;
  const spread = row?.matches("li") ? row.nextElementSibling : null;
  return within ?? (spread?.matches(".flow-branches") ? spread.querySelector<HTMLElement>(".flow-card") : null) ?? undefined;
}

function beside(card: HTMLElement, side: "nextElementSibling" | "previousElementSibling"): HTMLElement | undefined {
  let column = card.closest<HTMLElement>(".flow-branch, .flow-frames.is-beside > .flow-frame")?.[side] ?? null;
  while (column) {
    const found = column.querySelector<HTMLElement>(".flow-card");
    if (found) return found;
    column = column[side];
  }
  return undefined;
}

/** The step that holds this one. */
function around(cards: HTMLElement[], pointer: string): HTMLElement | undefined {
  const above = cards.filter((card) => pointer.startsWith(`${card.dataset.pointer}/`));
  return above.at(-1);
}
