import { announce } from "./announce";

/** Buttons with `data-copy="text"`, or `data-copy-from="#id"` for an element's own text. */
export function copyButtons(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy], [data-copy-from]");
    if (button) void copy(button);
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const source = button.dataset.copyFrom;
  const text = source ? document.querySelector(source)?.textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text ?? "");
  } catch {
    // No clipboard outside a secure context: leave the text selected for the reader's own copy.
    const shown = source ? document.querySelector(source) : button.previousElementSibling;
    if (shown) getSelection()?.selectAllChildren(shown);
    announce("Press Ctrl+C to copy");
    return;
  }
  button.classList.add("is-copied");
  announce("Copied");
  setTimeout(() => button.classList.remove("is-copied"), 1600);
}
