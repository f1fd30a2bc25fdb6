/** On narrow screens the navigation is the target of a link, so it opens without scripts; here Escape closes it. */
export function navigation(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && location.hash === "#nav") document.getElementById("nav-close")?.click();
  });
  addEventListener("hashchange", () => {
    if (location.hash === "#nav") document.querySelector<HTMLElement>("#nav a[href^='/']")?.focus();
    else if (location.hash === "#page") document.getElementById("nav-open")?.focus();
  });
}
