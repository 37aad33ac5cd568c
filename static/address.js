// An address holds two things: what is computed, and how it is looked at. Fields of a view have names of their own.

export function parse(search, fields) {
  const view = Object.fromEntries(fields.map((name) => [name, []]));
  const spec = [];
  for (const part of search.replace(/^\?/, "").split("&").filter(Boolean)) {
    const [[name, value] = ["", ""]] = new URLSearchParams(part);
    if (Object.hasOwn(view, name)) view[name].push(value);
    else spec.push(part);
  }
  return { spec: spec.join("&"), view };
}

// As the server writes it, so that an address looks the same whoever made it.
export function encode(value) {
  return encodeURIComponent(value)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function joined(spec, view) {
  const looked = Object.entries(view).flatMap(([name, values]) => values.map((value) => `${name}=${encode(value)}`));
  return [spec, ...looked].filter(Boolean).join("&");
}
