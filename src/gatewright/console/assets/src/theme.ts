/** Buttons with `data-theme-choice`; the choice is a cookie, so that the server sends the next page right at once. */
export function themeSwitch(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-theme-choice]");
    if (!button) return;
    event.preventDefault();
    const choice = button.dataset.themeChoice ?? "system";
    document.documentElement.dataset.theme = choice;
    document.cookie = `gatewright_theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax`;
    for (const other of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    document.dispatchEvent(new Event("gatewright:theme"));
  });
}
