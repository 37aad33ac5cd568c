// A slider beside every number: it moves the text field, which alone says what the number is.

const SIGNIFICANT = 3; // digits of a number that a slider of equal factors gives

function bounds(slider) {
  const { low, high, step, log, whole } = slider.dataset;
  return { low: Number(low), high: Number(high), step: Number(step), log: log !== undefined, whole: whole !== undefined };
}

function valueAt(slider) {
  const { low, high, step, log, whole } = bounds(slider);
  const part = Number(slider.value);
  const value = log ? low * (high / low) ** part : low + part * (high - low);
  if (whole) return String(Math.round(Number(value.toPrecision(SIGNIFICANT))));
  return String(log ? Number(value.toPrecision(SIGNIFICANT)) : Number((Math.round(value / step) * step).toFixed(6)));
}

// Puts the slider where its field's number is.
export function follow(field) {
  const slider = field.querySelector(".slider");
  if (!slider) return;
  const number = Number(field.querySelector("input").value);
  if (!Number.isFinite(number)) return;
  const { low, high, log } = bounds(slider);
  const inside = Math.min(Math.max(number, low), high);
  slider.value = log ? Math.log(inside / low) / Math.log(high / low) : (inside - low) / (high - low);
}

export function sliders(form) {
  for (const field of form.querySelectorAll("[data-field]")) {
    const slider = field.querySelector(".slider");
    if (!slider) continue;
    const text = field.querySelector("input");
    follow(field);
    text.addEventListener("input", () => follow(field));
    slider.addEventListener("input", () => (text.value = valueAt(slider)));
    text.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!way || text.value.trim() === "" || !Number.isFinite(Number(text.value))) return;
      event.preventDefault();
      text.value = nudged(slider, Number(text.value), way);
      text.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

function nudged(slider, number, way) {
  const { low, high, step, log, whole } = bounds(slider);
  const by = log && whole ? Math.max(1, 10 ** Math.floor(Math.log10(Math.abs(number) || 1) - 1)) : step;
  return String(Number(Math.min(Math.max(number + way * by, Math.min(low, number)), Math.max(high, number)).toFixed(6)));
}
