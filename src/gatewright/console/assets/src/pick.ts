/** Buttons with `data-pick="#field"` add their value as a line of that field. */
export function pickers(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-pick]");
    const field = button && document.querySelector<HTMLTextAreaElement>(button.dataset.pick!);
    if (!button || !field) return;
    const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!lines.includes(button.value)) lines.push(button.value);
    field.value = lines.join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("change", (event) => {
    const form = (event.target as Element).closest<HTMLFormElement>("form[data-submit-on-change]");
    if (form && (event.target as Element).matches("select")) form.requestSubmit();
  });
}
