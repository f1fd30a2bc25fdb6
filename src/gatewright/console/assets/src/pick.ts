/** A choice with `data-sample-into="#field"` puts the chosen option's sample there. */
export function samples(): void {
  document.addEventListener("change", (event) => {
    const choice = event.target as HTMLSelectElement;
    const field = choice.dataset.sampleInto && document.querySelector<HTMLTextAreaElement>(choice.dataset.sampleInto);
    if (field) field.value = choice.selectedOptions[0]?.dataset.sample ?? "";
  });
}

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
