/** On the consent page: a box that stands for all the others, and Approve off while nothing is ticked. */
export function consent(): void {
  const list = document.querySelector("[data-consent]");
  const form = list?.closest("form");
  const approve = form?.querySelector<HTMLButtonElement>('[value="approve"]');
  if (!list || !approve) return;
  const boxes = [...list.querySelectorAll<HTMLInputElement>('input[name="scope"]')];
  const all = list.querySelector<HTMLInputElement>("[data-all]");
  const show = (): void => {
    const ticked = boxes.filter((box) => box.checked).length;
    approve.disabled = ticked === 0;
    if (!all) return;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all?.closest<HTMLElement>("[hidden]")?.removeAttribute("hidden");
  all?.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  list.addEventListener("change", show);
  addEventListener("pageshow", show); // going back restores boxes without a word
  show();
}
