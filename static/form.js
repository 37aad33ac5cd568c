// The form and the query say the same thing. Fields at their default are left out.

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
const valuesOf = (field) => texts[field.dataset.widget](field);

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

// As the server writes it, so that an address looks the same whoever made it.
function encode(value) {
  return encodeURIComponent(value)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function same(values, defaults, widget) {
  const equal = (a, b) => a === b || (widget === "number" && decimal.test(a) && Number(a) === Number(b));
  return values.length === defaults.length && values.every((value, index) => equal(value, defaults[index]));
}

// Puts each message beside its field; returns those whose field is not in the form.
export function showErrors(root, errors) {
  const messages = new Map(errors.map(({ field, message }) => [field, message]));
  const general = root.querySelector(".form-errors");
  if (general) general.textContent = "";
  for (const field of root.querySelectorAll("[data-field]")) {
    const message = messages.get(field.dataset.field);
    const place = field.querySelector(".error");
    field.classList.toggle("wrong", message !== undefined);
    place.textContent = message ?? "";
    place.hidden = message === undefined;
    for (const input of field.querySelectorAll("input, select")) {
      input.setAttribute("aria-invalid", String(message !== undefined));
    }
    messages.delete(field.dataset.field);
  }
  return [...messages].map(([field, message]) => `${field}: ${message}.`);
}
