// What the chosen place says: every number there measured beside predicted, for every init.

const capital = (text) => text[0].toUpperCase() + text.slice(1);

export function card(element, readings, place, colors, labels, choose) {
  element.hidden = !readings;
  if (!readings) return;
  const index = Math.max(readings.numbers.indexOf(place), 0);
  if (!element.firstChild) build(element, readings, choose);
  const [first, last] = [readings.numbers[0], readings.numbers.at(-1)];
  const slider = element.querySelector("input");
  Object.assign(slider, { min: first, max: last, value: place });
  const name = readings.names?.[index];
  element.querySelector("h2").textContent = `${capital(readings.place)} ${place} of ${last}${name ? `: ${name}` : ""}`;
  element.querySelector(".scroll").replaceChildren(table(readings, index, colors, labels));
  element.dataset.words = words(readings, index, place, labels);
}

function build(element, readings, choose) {
  element.innerHTML = `<div class="card-head"><h2></h2>
    <input type="range" step="1" aria-label="Choose a ${readings.place}">
    <button type="button" class="tool copy-card">Copy in words</button></div>
    <div class="scroll" tabindex="0" role="region" aria-label="Numbers of the chosen ${readings.place}"></div>`;
  element.querySelector("input").addEventListener("input", ({ target }) => choose(Number(target.value)));
}

function table({ quantities, inits, of = "init" }, index, colors, labels) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  head.append(heading(of, "col"), ...quantities.map((name) => heading(name, "col")));
  const body = made.createTBody();
  for (const [init, places] of Object.entries(inits)) {
    const row = body.insertRow();
    row.style.setProperty("--init", colors[init]);
    const name = heading(labels[init] ?? init, "row");
    name.prepend(Object.assign(document.createElement("span"), { className: "swatch" }));
    row.append(name);
    for (const [measured, predicted] of places[index] ?? []) {
      const cell = row.insertCell();
      cell.append(Object.assign(document.createElement("span"), { textContent: measured || "–", className: "measured" }));
      if (predicted) cell.append(Object.assign(document.createElement("small"), { textContent: `predicted ${predicted}`, className: "predicted" }));
    }
  }
  return made;
}

function heading(text, scope) {
  return Object.assign(document.createElement("th"), { textContent: text, scope });
}

function words({ place: name, quantities, inits, names }, index, place, labels) {
  const lines = Object.entries(inits).map(([init, places]) => {
    const said = (places[index] ?? []).map(([measured, predicted], which) =>
      measured && `${quantities[which]} ${measured}${predicted ? ` (predicted ${predicted})` : ""}`);
    return `${labels[init] ?? init}: ${said.filter(Boolean).join(", ")}.`;
  });
  return [`${capital(name)} ${place}${names ? `, ${names[index]}` : ""}, ${document.title.replace(" · Initscope", "")}`, ...lines, location.href].join("\n");
}

// Every place at once, for whoever reads a table rather than a chart.
export function numbers(element, readings, labels) {
  if (!readings) return element.replaceChildren();
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  head.append(...[readings.place, "init", ...readings.quantities].map((name) => heading(name, "col")));
  const body = made.createTBody();
  readings.numbers.forEach((place, index) => {
    for (const [init, places] of Object.entries(readings.inits)) {
      const row = body.insertRow();
      row.append(heading(place, "row"));
      row.insertCell().textContent = labels[init] ?? init;
      for (const [measured, predicted] of places[index] ?? []) row.insertCell().textContent = predicted ? `${measured} (${predicted})` : measured;
    }
  });
  element.replaceChildren(made);
}
