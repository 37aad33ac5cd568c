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

// What runs along an axis has no value of its own to choose, and an axis that is not there has no ends.
function show(form) {
  const value = (name) => form.elements[name]?.value ?? "";
  for (const field of form.querySelectorAll("[data-field]")) {
    const { field: name } = field.dataset;
    const axis = /^([xy])_/.exec(name)?.[1];
    field.hidden = [value("x"), value("y")].includes(name) || (axis !== undefined && !value(axis));
  }
}

// Before the form hears of it: its other fields are of what was chosen before.
function chosen(event) {
  const field = event.target.closest?.("[data-field]");
  if (!field) return;
  if ("turns" in field.dataset) {
    event.stopPropagation();
    const query = `${field.dataset.field}=${encodeURIComponent(event.target.value)}`;
    const law = document.querySelector(`.presets a[href*="?${query}&"]`); // the first that shows something, and soon
    location.assign(law ? law.href : `${location.pathname}?${query}`);
  } else if (field.dataset.widget === "select") {
    forget(field);
    show(field.closest("form"));
  }
}

// An axis that another field takes has its own ends again.
function forget({ dataset: { field } }) {
  for (const part of ["from", "to", "scale"]) {
    const input = document.querySelector(`form.controls [name="${field}_${part}"]`);
    if (input) input.value = "";
  }
}

const form = document.querySelector("form.controls");
if (form) {
  form.parentElement.addEventListener("input", chosen, true);
  addEventListener("popstate", () => setTimeout(() => show(form)));
  show(form);
}
