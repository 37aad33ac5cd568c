// Figures come whole from the server; here they only get the template of the reader's colour scheme.

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
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  toImageButtonOptions: { format: "png", scale: 2 },
};
const drawn = new WeakMap();

export async function draw(root, figures) {
  drawn.set(root, figures);
  const Plotly = await plotly;
  for (const section of root.querySelectorAll("[data-chart]")) {
    const figure = figures[section.dataset.chart];
    section.hidden = figure === undefined;
    if (!figure) continue;
    const layout = { ...figure.layout, template: templates[dark.matches ? "dark" : "light"], uirevision: "kept" };
    const plot = section.querySelector(".plot");
    plot.style.minHeight = `${layout.height}px`;
    await Plotly.react(plot, figure.data, layout, config);
  }
}

export function redrawOnThemeChange(root) {
  dark.addEventListener("change", () => {
    if (drawn.has(root)) draw(root, drawn.get(root));
  });
}
