// The chosen place: a layer, say. It is chosen in any chart, by the arrow keys or on the card, and marked everywhere.

import { card } from "./card.js";
import { markPlace, placeAt, redraw } from "./charts.js";
import { colors } from "./words.js";

const RESTING = 80; // ms without a move before charts of one place alone are drawn anew
const SAVING = 300; // ms before the choice goes into the address

// `page` holds the view and the answer; `look()` is how charts are drawn, `save()` writes the address.
export function chosenPlace(page, look, save) {
  const { root } = page;
  const numbers = () => page.answered?.readings?.numbers;
  let saving = 0;
  let resting = 0;
  let told = null; // the place that is marked

  function now() {
    const there = numbers();
    if (!there) return null;
    const chosen = Number(page.view.layer?.[0] ?? there.at(-1));
    return Math.min(Math.max(chosen, there[0]), there.at(-1));
  }

  function choose(chosen) {
    if (!numbers() || chosen === null) return;
    page.view.layer = [String(chosen)];
    tell();
    clearTimeout(saving);
    saving = setTimeout(save, SAVING);
  }

  function tell() {
    const place = root.querySelector(".card");
    if (!place) return;
    card(place, page.answered.readings, now(), colors, page.labels, choose);
    for (const plot of root.querySelectorAll(".plot[data-place]")) markPlace(plot, now());
    if (told === now() || !root.querySelector(".section[open] [data-chart]")) return;
    told = now();
    clearTimeout(resting);
    resting = setTimeout(() => redraw(root, look()), RESTING);
  }

  function pointed(event) {
    const plot = event.target.closest?.(".plot");
    if (plot && (event.type === "click" || event.pointerType === "mouse")) choose(placeAt(plot, event.clientX));
  }

  function arrows(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const there = numbers();
    if (!way || !there || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, select, textarea, .scroll")) return;
    event.preventDefault();
    choose(there[Math.min(Math.max(there.indexOf(now()) + way, 0), there.length - 1)]);
  }

  function listen() {
    root.addEventListener("pointermove", pointed);
    root.addEventListener("click", pointed);
    document.addEventListener("keydown", arrows);
  }

  return { now, tell, listen };
}
