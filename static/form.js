// The form and the query say the same thing. Fields at their default are left out.

import { encode } from "./address.js";
import { follow } from "./slider.js";

const texts = {
  number: (field) => [field.querySelector("input").value.trim()],
  list: (field) => field.querySelector("input").value.split(/[\s,]+/).filter(Boolean),
  select: (field) => [field.querySelector("select").value],
  check: (field) => [String(field.querySelector("input").checked)],
  checks: (field) => {
    const chosen = [...field.querySelectorAll("input:checked")].map((input) => input.value);
    return chosen.length ? chosen : [""];
  },
};

const decimal = /^-?[\d.]+(e[-+]?\d+)?$/i; // Number() knows more ways to write one than the server

// A field that may be left empty has no value then.
function valuesOf(field) {
  const values = texts[field.dataset.widget](field);
  return "optional" in field.dataset && values[0] === "" ? [] : values;
}

// Whether the field follows from another one, which holds numbers.
function decided(form, field) {
  const other = form.querySelector(`[data-field="${field.dataset.decidedBy}"]`);
  const values = other ? valuesOf(other) : [];
  return values.length > 0 && values.every((value) => decimal.test(value));
}

// A field that follows from another one cannot be changed.
export function settle(form) {
  for (const field of form.querySelectorAll("[data-decided-by]")) {
    for (const input of field.querySelectorAll("input, select")) input.disabled = decided(form, field);
  }
}

export function queryOf(form) {
  const pairs = [];
  for (const field of form.querySelectorAll("[data-field]")) {
    if (decided(form, field)) continue;
    const values = valuesOf(field);
    if (same(values, JSON.parse(field.dataset.default), field.dataset.widget)) continue;
    for (const value of values) pairs.push(`${encodeURIComponent(field.dataset.field)}=${encode(value)}`);
  }
  return pairs.join("&");
}

function same(values, defaults, widget) {
  const equal = (a, b) => a === b || (widget === "number" && decimal.test(a) && Number(a) === Number(b));
  return values.length === defaults.length && values.every((value, index) => equal(value, defaults[index]));
}

// Whether somebody is in the midst of typing a number: nothing yet, or one that cannot end like this.
export function unfinished(form) {
  const typed = [...form.querySelectorAll('[data-widget="number"]')].map((field) => valuesOf(field)[0]);
  return typed.some((text) => text === "" || /(^[-+−.√]|[-+−*/^(.,√]|\de|sqrt)$/i.test(text));
}

// Help shows itself where its button is; Escape sends it away until the next one is looked for.
export function dismissHelp(form) {
  form.addEventListener("keydown", (event) => form.classList.toggle("dismissed", event.key === "Escape"));
  form.addEventListener("pointerover", ({ target }) => target.matches(".hint") && form.classList.remove("dismissed"));
}

// Puts the values of a query into the form.
export function fill(form, query) {
  const given = new URLSearchParams(query);
  for (const field of form.querySelectorAll("[data-field]")) {
    const { field: name, widget, default: otherwise } = field.dataset;
    const values = given.has(name) ? given.getAll(name) : JSON.parse(otherwise);
    if (widget === "checks") for (const input of field.querySelectorAll("input")) input.checked = values.includes(input.value);
    else if (widget === "check") field.querySelector("input").checked = values[0] === "true";
    else if (widget === "list") field.querySelector("input").value = values.join(", ");
    else field.querySelector("input, select").value = values[0] ?? "";
    follow(field);
  }
}

// What a folded group holds that is not the default.
export function showDifferences(form) {
  for (const group of form.querySelectorAll(".group")) {
    const changed = [...group.querySelectorAll("[data-field]")].filter(
      (field) => !same(valuesOf(field), JSON.parse(field.dataset.default), field.dataset.widget),
    );
    group.querySelector(".differs").textContent = changed
      .map((field) => `${labelOf(field)} ${valuesOf(field).join(", ")}`)
      .join(", ");
  }
}

// Everything that the form says, as one line of text.
export function settings(form) {
  const told = [...form.querySelectorAll("[data-field]")].map((field) => [labelOf(field), valuesOf(field).filter(Boolean).join(", ")]);
  return told.filter(([, said]) => said).map(([label, said]) => `${label}: ${said}.`).join(" ");
}

const labelOf = (field) => field.querySelector(".label").firstElementChild.textContent;

// Puts each message beside its field; returns those whose field is not in the form.
export function showErrors(root, errors, fits = {}) {
  const messages = new Map(errors.map(({ field, message }) => [field, message]));
  const general = root.querySelector(".form-errors");
  if (general) general.textContent = "";
  for (const field of root.querySelectorAll("[data-field]")) {
    const message = messages.get(field.dataset.field);
    if (message === undefined && !field.classList.contains("wrong")) continue; // as it was: nothing to lay out anew
    const place = field.querySelector(".error");
    field.classList.toggle("wrong", message !== undefined);
    place.textContent = message ?? "";
    if (message && field.dataset.field in fits) place.append(" ", offer(field, fits[field.dataset.field]));
    if (message) field.closest("details")?.setAttribute("open", "");
    place.hidden = message === undefined;
    for (const input of field.querySelectorAll("input, select")) {
      input.setAttribute("aria-invalid", String(message !== undefined));
    }
    messages.delete(field.dataset.field);
  }
  return [...messages].map(([field, message]) => `${field}: ${message}.`);
}

// A button that puts the value that fits into its field.
function offer(field, value) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "offer", textContent: `Use ${value.toLocaleString("en")}` });
  button.addEventListener("click", () => {
    const input = field.querySelector("input");
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  });
  return button;
}
