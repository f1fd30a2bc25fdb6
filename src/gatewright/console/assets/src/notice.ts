/** A request of a script that the server refused, or that never arrived, is told at the top of the page. */
export function refusals(): void {
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
    const plain = xhr.getResponseHeader("content-type")?.startsWith("text/plain");
    notice(plain ? xhr.responseText : `The server refused this (${xhr.status}). Load the page again and repeat the change.`);
  });
  document.addEventListener("htmx:sendError", () => notice("The server cannot be reached. Nothing was changed."));
}

function notice(text: string): void {
  document.getElementById("notice")?.remove();
  const shown = document.createElement("p");
  shown.id = "notice";
  shown.className = "notice";
  shown.setAttribute("role", "alert");
  shown.textContent = text;
  document.getElementById("page")?.prepend(shown);
}
