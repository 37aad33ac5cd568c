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

export function queryOf(form) {
  const pairs = [];
  for (const field of form.querySelectorAll("[data-field]")) {
    const values = texts[field.dataset.widget](field);
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
  const equal = (a, b) => a === b || (widget === "number" && a !== "" && Number(a) === Number(b));
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
