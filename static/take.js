// What a visitor takes along: of the page its links, files and commands, of a chart its picture, numbers and figure.

import { copy } from "./copy.js";

const absolute = (path) => new URL(`.${path}`, document.baseURI).href;
const python = (value) =>
  JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"|true|false|null/g, (word) => ({ true: "True", false: "False", null: "None" })[word] ?? word);

// The addresses of a run, and what its fields are in Python, for the commands to be filled with.
function words({ links, experiment }) {
  const [path, query] = links.api.split("?");
  const suffixed = (suffix) => absolute(`${path}${suffix}${query ? `?${query}` : ""}`);
  const viewed = (view) => absolute(`${links.page}${query ? "&" : "?"}${view}`);
  const fields = [...new Set(new URLSearchParams(query).keys())].map((name) => `, ${name}=${python(experiment[name])}`);
  return {
    page: absolute(links.page),
    embed: viewed("embed=true"),
    lesson: viewed("ask=holds"),
    hidden: viewed("hide=predicted"),
    api: suffixed(""),
    figures: suffixed("/figures"),
    csv: suffixed(".csv"),
    png: suffixed(".png"),
    svg: suffixed(".svg"),
    py: suffixed(".py"),
    html: suffixed(".html"),
    fields: fields.join(""),
    title: document.title.replaceAll('"', ""),
  };
}

function show(menu, result) {
  const known = words(result);
  menu.querySelector("dl").hidden = false;
  for (const link of menu.querySelectorAll("[data-file]")) link.href = known[link.dataset.file];
  for (const code of menu.querySelectorAll("[data-command]")) {
    code.textContent = code.dataset.command.replace(/\{(\w+)\}/g, (_, name) => known[name]);
  }
}

for (const root of document.querySelectorAll("[data-experiment]")) {
  const menu = root.querySelector(".take");
  if (menu) root.addEventListener("result", ({ detail }) => show(menu, detail));
}

const figures = new WeakMap(); // chart -> the figure it shows
const KINDS = { PNG: (chart) => picture(chart, "png"), SVG: (chart) => picture(chart, "svg"), CSV: table, "Copy as Plotly JSON": json };

// A chart's own menu, made once; the figure is the one it shows now.
export function takeMenu(chart, figure, plotly) {
  figures.set(chart, { ...figure, plotly });
  if (chart.querySelector(".take-chart")) return;
  const menu = document.createElement("details");
  menu.className = "take-chart";
  const summary = document.createElement("summary");
  summary.textContent = "Take";
  summary.setAttribute("aria-label", `Take along: ${titleOf(chart)}`);
  const buttons = Object.entries(KINDS).map(([label, take]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.addEventListener("click", () => take(chart, button));
    return button;
  });
  menu.append(summary, ...buttons);
  (chart.querySelector(".chart-head") ?? chart).append(menu);
}

const titleOf = (chart) => chart.querySelector("h2, h3")?.textContent ?? chart.dataset.chart;
const fileName = (chart) => `initscope-${chart.id}`;

// Opaque and titled, in light colours whatever the page's, so that it can be read wherever it is put.
async function picture(chart, format) {
  const { data, layout, plotly } = figures.get(chart);
  const Plotly = await plotly();
  const named = data.map((trace) => (trace.name ? trace : { ...trace, showlegend: false }));
  const told = { ...layout, title: { text: titleOf(chart), x: 0, xref: "paper" }, paper_bgcolor: "white", plot_bgcolor: "white" };
  told.margin = { ...layout.margin, t: (layout.margin?.t ?? 30) + 50 };
  const size = { width: 1000, height: (layout.height ?? 450) + 50, scale: format === "png" ? 2 : 1 };
  save(await Plotly.toImage({ data: named, layout: told }, { format, ...size }), `${fileName(chart)}.${format}`);
}

function table(chart) {
  const rows = [["trace", "x", "y"]];
  for (const { name, x = [], y = [] } of figures.get(chart).data) {
    for (let i = 0; i < Math.max(x.length, y.length); i += 1) rows.push([name ?? "", x[i] ?? "", y[i] ?? ""]);
  }
  const quoted = rows.map((row) => row.map((cell) => (/[",\n]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : cell)).join(","));
  const url = URL.createObjectURL(new Blob([`${quoted.join("\n")}\n`], { type: "text/csv" }));
  save(url, `${fileName(chart)}.csv`);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function json(chart, button) {
  const { data, layout } = figures.get(chart);
  return copy(JSON.stringify({ data, layout }), button);
}

function save(url, name) {
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
}
