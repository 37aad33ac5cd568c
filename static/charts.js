// Figures come whole from the server; here they only get the template of the reader's colour scheme.

import { takeMenu } from "./take.js";

const script = document.getElementById("plotly");
const plotly = new Promise((resolve) => {
  if (globalThis.Plotly) resolve(globalThis.Plotly);
  else script?.addEventListener("load", () => resolve(globalThis.Plotly));
});
const templates = JSON.parse(document.getElementById("plot-templates")?.textContent ?? "{}");
const dark = matchMedia("(prefers-color-scheme: dark)");
const config = {
  responsive: true,
  displaylogo: false,
  showSendToCloud: false, // Plotly would offer to upload the chart to a server of its maker
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  toImageButtonOptions: { format: "png", scale: 2 },
};
const latest = new WeakMap(); // root -> the figures to show
const drawing = new WeakMap(); // root -> the drawing under way

// Figures that come while others are being drawn wait, and only the last of them is drawn.
export function draw(root, figures) {
  latest.set(root, figures);
  if (!drawing.has(root)) drawing.set(root, drawLatest(root));
  return drawing.get(root);
}

async function drawLatest(root) {
  const Plotly = await plotly;
  let figures;
  try {
    while (figures !== latest.get(root)) {
      figures = latest.get(root);
      await drawAll(Plotly, root, figures);
    }
  } finally {
    drawing.delete(root);
  }
}

async function drawAll(Plotly, root, figures) {
  for (const section of root.querySelectorAll("[data-chart]")) {
    const figure = figures[section.dataset.chart];
    section.hidden = figure === undefined;
    if (!figure) continue;
    const layout = { ...figure.layout, template: templates[dark.matches ? "dark" : "light"], uirevision: "kept" };
    const plot = section.querySelector(".plot");
    plot.style.minHeight = `${layout.height}px`;
    await Plotly.react(plot, figure.data, layout, config);
    takeMenu(section, figure);
    await globalThis.scheduler?.yield?.(); // so that a click does not wait for all charts
  }
}

export function redrawOnThemeChange(root) {
  dark.addEventListener("change", () => {
    if (latest.has(root)) draw(root, { ...latest.get(root) });
  });
}
