// A recording that is chosen, dropped or linked to goes to the server, and what it says of it comes on the page.

import { draw, redrawOnThemeChange } from "./charts.js";
import { copy } from "./copy.js";
import { chosenPlace } from "./place.js";

const root = document.querySelector("[data-network]");
const api = root.dataset.network;
const find = (name) => root.querySelector(name);
const status = find(".status");
const errors = find(".errors");
const asked = new URLSearchParams(location.search);
const page = { root, view: {}, answered: null, labels: {} };
const look = () => ({ place: place.now() });
const place = chosenPlace(page, look, remember);
let recording; // the text that is on the page

function say(text) {
  status.textContent = text;
  status.classList.remove("failed");
  errors.hidden = true;
}

function refuse(text, found = []) {
  say(text);
  status.classList.add("failed");
  errors.hidden = found.length === 0;
  errors.replaceChildren(...found.map(({ field, message }) => made("li", `${field}: ${message}`)));
}

const made = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });

async function ask(path, body) {
  const request = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body };
  const response = await fetch(`${api}${path}`, request);
  const text = await response.text();
  if (response.ok) return text;
  const { detail, errors: found } = JSON.parse(text);
  throw Object.assign(new Error(detail), { found });
}

async function show(text) {
  say("Reading …");
  try {
    write(JSON.parse(await ask("/look", text)));
    recording = text;
    say("");
    find(".heading").focus();
  } catch (error) {
    refuse(error.message, error.found);
  }
}

function write({ heading, summary, findings, figures, layers, readings }) {
  page.answered = { readings: readings.numbers.length ? readings : null };
  page.view.layer = [asked.get("layer") ?? findings.find(({ layer }) => layer)?.layer ?? 1];
  asked.delete("layer");
  find(".seen").hidden = false;
  find(".heading").textContent = heading;
  find(".summary").textContent = summary;
  find(".diagnosis").replaceChildren(...findings.flatMap(told));
  find(".table").innerHTML = layers; // written by the server, names escaped
  for (const chart of root.querySelectorAll("[data-chart]")) chart.hidden = !(chart.dataset.chart in figures);
  if (find(".kept")) find(".kept").textContent = "";
  draw(root, figures, look());
  place.tell();
}

// The chosen layer, in the address of a recording that is kept.
function remember() {
  const address = new URL(location.href);
  if (!address.searchParams.has("recording")) return;
  address.searchParams.set("layer", place.now());
  history.replaceState(null, "", address);
}

function told({ word, sentence, advice, code }) {
  const said = document.createElement("p");
  const parts = [sentence, advice].filter(Boolean).join(" ").split("`");
  said.append(...parts.map((part, index) => (index % 2 ? made("code", part) : part)));
  said.dataset.word = word;
  if (!code) return [said];
  const line = document.createElement("div");
  line.className = "command";
  const button = Object.assign(made("button", "Copy"), { type: "button", className: "copy" });
  button.addEventListener("click", () => copy(code, button));
  line.append(Object.assign(made("code", code), { tabIndex: 0 }), button);
  return [said, line];
}

async function read(file) {
  if (!file) return;
  if (file.size > Number(root.dataset.largest)) refuse(`A recording may have ${Number(root.dataset.largest).toLocaleString("en")} bytes.`);
  else await show(await file.text());
}

find(".example").addEventListener("click", () => ask("/example").then(show, ({ message }) => refuse(message)));
find("#recording").addEventListener("change", ({ target }) => read(target.files[0]));
addEventListener("dragover", (event) => {
  event.preventDefault();
  find(".drop").classList.add("over");
});
addEventListener("dragleave", () => find(".drop").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  find(".drop").classList.remove("over");
  read(event.dataTransfer.files[0]);
});

find(".keep")?.addEventListener("click", async () => {
  const kept = find(".kept");
  try {
    const { key, secret, expires } = JSON.parse(await ask("/kept", recording));
    const address = new URL(location.href);
    address.search = `?recording=${key}`;
    history.replaceState(null, "", address);
    const button = Object.assign(made("button", "Remove it"), { type: "button", className: "secondary" });
    button.addEventListener("click", () => remove(key, secret));
    const day = new Date(expires).toLocaleDateString("en", { dateStyle: "long" });
    kept.replaceChildren(`Kept until ${day}, at this page's address. Only the secret removes it before: `, made("code", secret), " ", button);
  } catch (error) {
    kept.textContent = error.message;
  }
});

async function remove(key, secret) {
  const kept = find(".kept");
  try {
    await ask(`/kept/${key}/remove`, JSON.stringify({ secret }));
    history.replaceState(null, "", location.pathname);
    kept.textContent = "Removed.";
  } catch (error) {
    kept.textContent = error.message;
  }
}

place.listen();
redrawOnThemeChange(root);
root.addEventListener("click", ({ target }) => target.closest(".copy-card") && copy(find(".card").dataset.words, target));
const key = asked.get("recording");
if (key) {
  ask(`/kept/${encodeURIComponent(key)}`)
    .then(show)
    .catch((error) => refuse(error.message));
}
