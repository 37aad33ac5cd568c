// Terms of art in the page's sentences become buttons that tell what they mean: each once in a section. They are spans,
// for lines break within a <button> never, and right after it always: before a comma, too.

const terms = JSON.parse(document.getElementById("glossary").textContent);
const byLower = new Map(Object.keys(terms).map((term) => [term.toLowerCase(), term]));
const SLICE = 8; // sentences marked before a click may come in between
const QUIET = 400; // ms without a change before the sentences are looked through
const PROSE = "p, li, dd, .caption, .summary";
const NOT = "a, button, .term, code, pre, math, svg, dfn, label, summary, select, h1, h2, h3, th, .verdicts, .key, .settings, .docs dl, .error, [contenteditable]";
const written = [...byLower.values()].sort((a, b) => b.length - a.length).map((term) => term.replace(/[^\w ]/g, "\\$&"));
const pattern = new RegExp(`(?<![\\w.])(?:${written.join("|")})(?=s?(?![\\w(]))`, "i");
const proper = new Set(["He"]); // a name, which is a word too

const bubble = Object.assign(document.createElement("div"), { id: "definition", popover: "auto" });
bubble.setAttribute("aria-live", "polite");
document.body.append(bubble);

function tell(button) {
  bubble.textContent = terms[button.dataset.term];
  bubble.showPopover({ source: button });
  const { left, bottom, top } = button.getBoundingClientRect();
  bubble.style.left = `${Math.max(8, Math.min(left, innerWidth - bubble.offsetWidth - 8))}px`;
  bubble.style.top = `${bottom + bubble.offsetHeight + 8 < innerHeight ? bottom + 6 : top - bubble.offsetHeight - 6}px`;
}

function termOf(text) {
  const found = pattern.exec(text);
  const term = found && byLower.get(found[0].toLowerCase());
  return term && (!proper.has(term) || found[0] === term) ? { term, at: found.index, length: found[0].length } : null;
}

// Each section tells a term once.
const placeOf = (node) => node.parentElement.closest("section, details, article") ?? document.body;
const told = (place, term) => place.querySelector(`.term[data-term="${CSS.escape(term)}"]`) !== null;

function mark(node) {
  const place = placeOf(node);
  for (let rest = node; rest; ) {
    const found = termOf(rest.data);
    if (!found) return;
    const from = rest.splitText(found.at);
    rest = from.splitText(found.length);
    if (told(place, found.term)) continue;
    const button = Object.assign(document.createElement("span"), { role: "button", tabIndex: 0, className: "term", textContent: from.data });
    button.dataset.term = found.term;
    from.replaceWith(button);
  }
}

function sentences() {
  const main = document.getElementById("main");
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest(PROSE) && !node.parentElement.closest(NOT) && termOf(node.data)
      ? NodeFilter.FILTER_ACCEPT
      : NodeFilter.FILTER_REJECT,
  );
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  return nodes;
}

let timer = 0;
const observer = new MutationObserver(() => {
  clearTimeout(timer);
  timer = setTimeout(look, QUIET);
});

// What is done here is no change to be looked at.
async function look() {
  for (const [at, node] of sentences().entries()) {
    if (node.isConnected) mark(node);
    if (at % SLICE < SLICE - 1) continue;
    observer.takeRecords();
    await globalThis.scheduler?.yield?.();
  }
  observer.takeRecords();
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.(".term");
  if (button) tell(button);
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(".term") || !["Enter", " "].includes(event.key)) return;
  event.preventDefault();
  tell(event.target);
});
observer.observe(document.getElementById("main"), { childList: true, subtree: true, characterData: true });
look();
