// What the server says of a spec and of its result, put in its place.

export const colors = JSON.parse(document.getElementById("init-colors")?.textContent ?? "{}");
const colorOf = (init) => colors[init?.split(" ")[0]]; // of one, or of one of several numbers of it, with a word of its own
const WIDE = 96; // pixels of a course drawn small
const HIGH = 24;

// The heading, and how to read each chart; sections with nothing to show are not there, nor a script where there is none.
export function showPage(root, { heading, charts, inits, scripted }) {
  const title = root.querySelector("h1");
  if (title) {
    title.textContent = heading;
    document.title = `${heading} · Initscope`;
  }
  for (const section of root.querySelectorAll("[data-chart]")) {
    const chart = charts[section.dataset.chart];
    section.querySelector(".caption").textContent = chart.caption;
    section.hidden = !chart.shown;
  }
  for (const section of root.querySelectorAll(".section:has([data-chart])")) {
    section.hidden = !section.querySelector("[data-chart]:not([hidden])");
  }
  for (const part of root.querySelectorAll("[data-scripted]")) part.hidden = !scripted;
  const list = root.querySelector(".verdicts");
  const listed = [...(list?.querySelectorAll("[data-init]") ?? [])].map(({ dataset }) => dataset.init);
  if (list && inits.length && listed.join() !== inits.join()) list.replaceChildren(...inits.map((init) => line({ init, label: init, course: [] })));
}

// The preset whose run is on screen, moved to where it is seen.
export function markPreset(root, spec) {
  for (const link of root.querySelectorAll(".presets a")) {
    if (link.dataset.query === spec) {
      link.setAttribute("aria-current", "true");
      show(link, link.parentElement);
    } else link.removeAttribute("aria-current");
  }
}

function show(link, strip) {
  const { left, right } = link.getBoundingClientRect();
  const seen = strip.getBoundingClientRect();
  if (left < seen.left || right > seen.right) strip.scrollLeft += (left + right - seen.left - seen.right) / 2;
}

// One line an init, and one a section.
export function showAnswer(root, { verdicts, summaries }, only, pinned) {
  const list = root.querySelector(".verdicts");
  list?.replaceChildren(...verdicts.map((verdict) => line(verdict, only, pinned?.verdicts.find(({ init }) => init === verdict.init))));
  for (const [name, summary] of Object.entries(summaries)) {
    const place = root.querySelector(`.section[data-section="${name}"] .summary`);
    if (place) place.textContent = summary;
  }
  showSaid(root, verdicts, only);
}

// The sentence of the init that is looked at alone.
function showSaid(root, verdicts, only) {
  const said = root.querySelector(".said");
  if (!said) return;
  const chosen = verdicts.find(({ init }) => init === only && only !== null);
  said.hidden = !chosen;
  said.textContent = chosen?.sentence ?? "";
}

function line({ init, label, word = "", brief = "", course, sentence = "" }, only = null, before = null) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "verdict" });
  button.dataset.init = init ?? "";
  button.setAttribute("aria-pressed", String(only === init && init !== null));
  if (colorOf(init)) button.style.setProperty("--init", colorOf(init));
  const part = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text });
  const number = part("span", "brief", brief);
  number.dataset.measured = init ?? "";
  button.append(part("span", "swatch", ""), part("b", "", label), part("span", "word", word), number);
  if (before) button.append(part("span", "before", `pinned: ${before.word}, ${before.brief}`));
  if (course.some((value) => value !== null)) button.append(spark(course));
  if (!init) button.replaceChildren(part("span", "sentence", sentence));
  item.append(button);
  return item;
}

function spark(course) {
  const step = WIDE / Math.max(course.length - 1, 1);
  const points = course.map((value, index) => value === null ? null : `${(index * step).toFixed(1)} ${(1 + (HIGH - 2) * (1 - value)).toFixed(1)}`);
  const holder = document.createElement("span");
  holder.className = "spark";
  holder.innerHTML = `<svg viewBox="0 0 ${WIDE} ${HIGH}" width="${WIDE}" height="${HIGH}" aria-hidden="true"><path d="M${points.filter(Boolean).join("L")}" fill="none" stroke="var(--init)" stroke-width="2"/></svg>`;
  return holder;
}

// Beside each chart the findings it shows, each in the colour of its init; together they are what the chart says.
export function showFindings(root, findings) {
  for (const section of root.querySelectorAll("[data-chart]")) {
    const list = section.querySelector(".found");
    const found = findings.filter(({ about }) => about === list.dataset.about);
    list.replaceChildren(...found.map(item));
    list.hidden = found.length === 0 || section.classList.contains("still");
    const said = found.length ? found : findings.filter(({ init }) => init).slice(0, 3);
    const title = section.querySelector(".chart-head > *").textContent;
    section.querySelector(".plot").setAttribute("aria-label", [`${title}.`, ...said.map(({ sentence }) => sentence)].join(" "));
  }
}

function item({ init, sentence }) {
  const said = document.createElement("li");
  said.textContent = sentence;
  if (colorOf(init)) said.style.setProperty("--init", colorOf(init));
  return said;
}
