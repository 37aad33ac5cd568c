// The folded sections of a page: which are open stands in the address, and what is opened is asked for.

const ALL = "all";

export function sections(page, changed) {
  const { root } = page;
  const every = () => [...root.querySelectorAll(".section")];
  const unfolded = ({ dataset }) => page.view.open.includes(ALL) || page.view.open.includes(dataset.section);
  const all = () => page.view.open.includes(ALL);

  function folded({ target }) {
    if (!target.matches(".section") || target.open === unfolded(target) || root.querySelector(".on-paper")) return;
    const closed = every().filter((section) => !section.hidden && !section.open);
    const open = every().filter((section) => section.open);
    page.view.open = closed.length ? open.map(({ dataset }) => dataset.section) : [ALL];
    tell();
    changed(target.open);
  }

  function tell() {
    const button = root.querySelector(".open-all");
    if (button) button.textContent = all() ? "Close all" : "Open all";
  }

  // Opens and closes them as the view says.
  function restore() {
    for (const section of every()) section.open = unfolded(section);
    tell();
  }

  function toggleAll() {
    page.view.open = all() ? [] : [ALL];
    restore();
    changed(all());
  }

  // The view of what is near: a hand that moves waits for no more.
  const near = (section) => section.open && [...section.querySelectorAll(".plot")].some((plot) => plot.near);
  const inSight = () => ({ ...page.view, open: every().filter(near).map(({ dataset }) => dataset.section) });

  root.addEventListener("toggle", folded, true);
  tell();
  return { restore, toggleAll, inSight };
}
