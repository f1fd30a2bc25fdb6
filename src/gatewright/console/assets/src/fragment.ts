/** A form with `data-fragment` is sent with the parameters of the address's fragment, which then leaves the history. */
export function fragmentForms(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-fragment]");
  if (!form || location.hash.length < 2) return;
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  history.replaceState(null, "", location.pathname);
  form.submit();
}
