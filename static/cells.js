// An experiment made of cells: a point of its charts leads to the cell it stands for, and a field that decides which
// other fields there are asks for another form.

document.addEventListener("plotted", ({ target: plot }) => {
  if (plot.leads) return;
  plot.leads = true;
  plot.on("plotly_click", ({ points: [point] }) => {
    const page = point.customdata;
    if (page) location.assign(`.${page}`);
  });
});

// Before the form hears of it: its other fields are of what was chosen before.
document.addEventListener(
  "input",
  (event) => {
    const field = event.target.closest?.("[data-field]");
    if (!field) return;
    if ("turns" in field.dataset) {
      event.stopPropagation();
      location.assign(`${location.pathname}?${field.dataset.field}=${encodeURIComponent(event.target.value)}`);
    }
    if (field.dataset.widget === "select") forget(field);
  },
  true,
);

// An axis that another field takes has its own ends again.
function forget(axis) {
  for (const part of ["from", "to", "scale"]) {
    const input = axis.closest("form").elements[`${axis.dataset.field}_${part}`];
    if (input) input.value = "";
  }
}
