// Figures come whole from the server. Here they get the reader's colour scheme, what the reader chose to see of them, and
// a line at the chosen place; those on top are sketched at once, the others handed to Plotly when they come near.

import { canSketch, sketch, sketchInTurns } from "./sketch.js";
import { takeMenu } from "./take.js";

const templates = JSON.parse(document.getElementById("plot-templates")?.textContent ?? "{}");
const address = JSON.parse(document.getElementById("plotly")?.textContent ?? "null");
const dark = matchMedia("(prefers-color-scheme: dark)");
const coarse = matchMedia("(pointer: coarse)");
const TOP = 26; // pixels over a plot, where its legend stands in the page
const FADED = 0.12; // of what belongs to other inits than the one that is looked at alone
const NEAR = "400px";
const config = { responsive: true, displayModeBar: false, showSendToCloud: false, doubleClick: "reset" };
const latest = new WeakMap(); // root -> the figures to show, and the look at them
const drawing = new WeakMap(); // root -> the drawing under way

let plotly;
function loaded() {
  plotly ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: address, async: true });
    script.addEventListener("load", () => resolve(globalThis.Plotly));
    script.addEventListener("error", () => reject(new Error("The charts could not be loaded.")));
    document.head.append(script);
  });
  return plotly;
}

// Figures that come while others are being drawn wait, and only the last of them is drawn.
export function draw(root, figures, look = {}) {
  latest.set(root, { figures, look });
  if (!drawing.has(root)) drawing.set(root, drawLatest(root));
  return drawing.get(root);
}

async function drawLatest(root) {
  let shown;
  try {
    while (shown !== latest.get(root)) {
      shown = latest.get(root);
      await drawAll(root, shown);
    }
  } finally {
    drawing.delete(root);
  }
}

async function drawAll(root, { figures, look }) {
  for (const section of root.querySelectorAll("[data-chart]")) {
    const figure = figures[section.dataset.chart];
    if (!figure) continue;
    const plot = section.querySelector(".plot");
    takeMenu(section, figure, loaded);
    const seen = prepared(figure, look, look.pinned?.[section.dataset.chart]);
    plot.style.height = `${seen.layout.height}px`;
    plot.dataset.place = figure.layout.meta?.place ?? "";
    legend(section.querySelector(".key"), seen, look);
    plot.ariaDescription = together(seen, look).join(". ") || null;
    plot.seen = seen;
    plot.still = section.classList.contains("still") && canSketch(seen);
    await (plot.still ? sketched(plot) : plotted(plot));
    markPlace(plot, look.place);
  }
}

const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const wider = target.still && target.drawnAt !== target.clientWidth;
    Promise.resolve(wider && sketched(target)).then(() => markPlace(target, target.place));
  }
});

async function sketched(plot) {
  const { seen, clientWidth } = plot;
  plot.drawnAt = clientWidth;
  if (clientWidth) await sketchInTurns(plot, seen, () => plot.seen !== seen || plot.drawnAt !== clientWidth);
  widths.observe(plot);
}

// Only a chart that comes near is worth loading Plotly for.
const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      target.near = isIntersecting;
      target.told?.();
      if (isIntersecting && target.waiting) target.waiting();
    }
  },
  { rootMargin: NEAR },
);

async function plotted(plot) {
  near.observe(plot);
  if (plot.near === undefined && !document.hidden) await new Promise((resolve) => (plot.told = resolve)); // it is told at once
  if (!plot.near) {
    plot.waiting = () => {
      plot.waiting = null;
      plotted(plot);
    };
    return;
  }
  const Plotly = await loaded();
  if (!plot.clientWidth) return; // folded meanwhile
  await Plotly.react(plot, plot.seen.data, plot.seen.layout, config);
  widths.observe(plot);
  markPlace(plot, plot.place);
  plot.dispatchEvent(new CustomEvent("plotted", { bubbles: true }));
  await globalThis.scheduler?.yield?.(); // so that a click does not wait for all charts
}

function prepared({ data, layout }, { only, hidden, place }, pinned, scheme = dark.matches ? "dark" : "light") {
  const wanted = data
    .filter(({ meta }) => !hidden || meta?.role !== hidden)
    .map((trace) => (only && trace.meta?.init && trace.meta.init !== only ? { ...trace, opacity: FADED } : trace));
  const places = [...new Set(wanted.map(({ meta }) => meta?.place).filter(Number.isFinite))];
  const nearest = places.length && place ? places.reduce((a, b) => (Math.abs(b - place) < Math.abs(a - place) ? b : a)) : null;
  const traces = wanted.map((trace) =>
    nearest === null || trace.meta?.place === undefined ? trace : { ...trace, visible: trace.meta.place === nearest },
  );
  const axes = places.length ? axesOf(traces, layout) : {};
  const margin = { ...layout.margin, t: TOP };
  const height = layout.height - layout.margin.t + TOP;
  const dragmode = coarse.matches ? false : "zoom";
  const shown = { ...layout, ...axes, template: templates[scheme], margin, height, dragmode, showlegend: false, uirevision: undefined };
  return pinned ? withPinned(traces, shown, pinned) : { data: traces, layout: shown };
}

// Traces of one place alone may bring axes of their own.
function axesOf(traces, layout) {
  const own = {};
  for (const { visible, meta, xaxis = "x", yaxis = "y" } of traces) {
    if (visible === false || !meta?.xaxis) continue;
    own[axisKey(xaxis)] = { ...layout[axisKey(xaxis)], ...meta.xaxis };
    own[axisKey(yaxis)] = { ...layout[axisKey(yaxis)], ...meta.yaxis };
  }
  return own;
}

// The measured lines of a pinned run, faint under this one's, on axes that hold both.
function withPinned(traces, layout, pinned) {
  const lines = pinned.data.filter(({ meta, fill, mode }) => meta?.role === "measured" && fill !== "toself" && mode?.includes("lines"));
  const faint = lines
    .filter(({ yaxis }) => layout[axisKey(yaxis ?? "y")] !== undefined)
    .map((trace) => ({ ...trace, mode: "lines", fill: undefined, opacity: 0.45, showlegend: false, line: { ...trace.line, width: 5, dash: "solid" }, zorder: -1, hoverinfo: "skip", hovertemplate: undefined }));
  const both = { ...layout };
  for (const { xaxis, yaxis } of faint) {
    for (const name of [axisKey(xaxis ?? "x"), axisKey(yaxis ?? "y")]) both[name] = spanning(both[name], pinned.layout[name]);
  }
  return { data: [...faint, ...traces], layout: both };
}

const axisKey = (axis) => `${axis[0]}axis${axis.slice(1)}`;

function spanning(axis, other) {
  if (!axis?.range || !other?.range) return axis;
  const ticks = new Map();
  for (const { tickvals = [], ticktext } of [axis, other]) tickvals.forEach((value, index) => ticks.set(value, ticktext?.[index] ?? value));
  const range = [Math.min(axis.range[0], other.range[0]), Math.max(axis.range[1], other.range[1])];
  return { ...axis, range, tickvals: [...ticks.keys()], ticktext: [...ticks.values()].map(String) };
}

// What the figure says of lines that lie on one another.
const together = ({ layout }, { hidden }) => (hidden === "measured" ? [] : (layout.meta?.together ?? []));

function legend(list, seen, look) {
  if (!list) return;
  const { data } = seen;
  const entries = new Map();
  const theory = ({ meta }) => meta?.role === "predicted";
  for (const trace of [...data.filter((trace) => !theory(trace)), ...data.filter(theory)]) {
    if (trace.name && trace.showlegend !== false && trace.visible !== false && !entries.has(trace.name)) entries.set(trace.name, trace);
  }
  if (look.pinned) entries.set("pinned run", { line: { color: "currentColor", width: 5 }, opacity: 0.45 });
  list.replaceChildren(...[...entries].map(([name, { mode, line, marker, fillcolor, opacity }]) => {
    const entry = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.style.setProperty("--line", line?.width ? line.color : fillcolor ?? marker?.color ?? line?.color);
    swatch.style.opacity = opacity ?? 1;
    swatch.className = fillcolor || line?.width > 4 ? "area" : line && mode !== "markers" ? stroke(line) : "dot";
    entry.append(swatch, name);
    return entry;
  }));
  list.append(...together(seen, look).map((said) => Object.assign(document.createElement("li"), { className: "together", textContent: said })));
}

const stroke = ({ dash = "solid" }) => ({ solid: "line", dot: "dotted" })[dash] ?? "dashed";

// The chosen place: one line through every panel of every chart over places.
export function markPlace(plot, place) {
  plot.place = place;
  let cursor = plot.querySelector(":scope > .cursor");
  if (!plot.dataset.place || !place || !plot.seen) return void cursor?.remove();
  if (!cursor) {
    cursor = document.createElement("div");
    cursor.className = "cursor";
    plot.append(cursor);
  }
  const { margin } = plot.seen.layout;
  const [from, to] = range(plot);
  const share = (place - from) / (to - from);
  cursor.hidden = share < 0 || share > 1;
  cursor.style.left = `calc(${margin.l * (1 - share) - margin.r * share}px + ${100 * share}%)`; // to measure would cost a layout
  cursor.style.top = `${margin.t}px`;
  cursor.style.bottom = `${margin.b}px`;
}

// The place under the pointer; null outside the panels.
export function placeAt(plot, clientX) {
  if (!plot.dataset.place || !plot.seen) return null;
  const { margin } = plot.seen.layout;
  const [from, to] = range(plot);
  const share = (clientX - plot.getBoundingClientRect().left - margin.l) / (plot.clientWidth - margin.l - margin.r);
  return share < 0 || share > 1 ? null : Math.round(from + share * (to - from));
}

const range = (plot) => (plot.still ? plot.seen : plot).layout?.xaxis?.range ?? plot.seen.layout.xaxis.range;

// Every chart as it is printed: dark on white, beside the one on screen. What cannot be sketched Plotly draws, at once and
// without answering the pointer; it is there, for the chart has been on screen.
export function printed(root, figures) {
  for (const section of root.querySelectorAll("[data-chart]")) {
    const figure = figures[section.dataset.chart];
    if (!figure) continue;
    const seen = prepared(figure, {}, undefined, "light");
    const still = canSketch(seen);
    if (!still && !globalThis.Plotly) continue;
    const paper = document.createElement("div");
    paper.className = "on-paper";
    section.querySelector(".plot").after(paper);
    if (still) sketch(paper, seen, `${section.id}-paper`);
    else plottedOnPaper(paper, seen);
  }
}

// As large as paper is wide.
function plottedOnPaper(paper, { data, layout }) {
  const { height } = layout;
  const width = Math.max(paper.clientWidth, layout.margin.l + layout.margin.r + 40);
  globalThis.Plotly.newPlot(paper, data, { ...layout, width }, { staticPlot: true });
  paper.querySelector(".svg-container").style.aspectRatio = `${width} / ${height}`;
  for (const svg of paper.querySelectorAll(".main-svg")) svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
}

export function redraw(root, look) {
  if (latest.has(root)) return draw(root, latest.get(root).figures, look ?? latest.get(root).look);
}

export function redrawOnThemeChange(root) {
  dark.addEventListener("change", () => redraw(root));
}
