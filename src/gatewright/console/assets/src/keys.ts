/** `/` goes to the search box; Ctrl+S saves the page's form; Escape leaves the search box. */
export function keys(): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const typing = target.matches("input, textarea, select, [contenteditable=true]");
    const search = document.querySelector<HTMLInputElement>("#search");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    if (event.key === "Escape" && target === search) search?.blur();
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      const form = document.querySelector<HTMLFormElement>("form[data-guard]");
      if (form) {
        event.preventDefault();
        const saves = [...document.querySelectorAll<HTMLButtonElement>("[data-save]")];
        form.requestSubmit(saves.find((button) => button.form === form) ?? null);
      }
    }
  });
}
