// What the server says of a spec and of its result, put in its place.

const colors = JSON.parse(document.getElementById("init-colors")?.textContent ?? "{}");

// The heading, and how to read each chart.
export function showPage(root, { heading, charts }) {
  const title = root.querySelector("h1");
  if (title) {
    title.textContent = heading;
    document.title = `${heading} · Initscope`;
  }
  for (const section of root.querySelectorAll("[data-chart]")) {
    section.querySelector(".caption").textContent = charts[section.dataset.chart].caption;
  }
}

// Beside each chart the findings it shows, each in the colour of its init.
export function showFindings(root, findings) {
  for (const list of root.querySelectorAll(".found")) {
    const found = findings.filter(({ about }) => about === list.dataset.about);
    list.replaceChildren(...found.map(item));
    list.hidden = found.length === 0;
  }
}

function item({ init, sentence }) {
  const line = document.createElement("li");
  line.textContent = sentence;
  if (colors[init]) line.style.setProperty("--init", colors[init]);
  return line;
}
