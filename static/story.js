// The steps of the story that answer the hand: each asks the API for what its controls say, and the newest wins.

import { sketch } from "./sketch.js";
import { copyOnClick } from "./copy.js";
import { whenSeen } from "./asking.js";
import { events } from "./stream.js";

const templates = JSON.parse(document.getElementById("plot-templates").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const ENDS = [-4, 4]; // of the bell's axis, which stays where it is
const MOST = { height: 300, t: 16 };

// One request at a time: while one is under way only the newest wish waits.
function newestOf(ask) {
  let under = null;
  let next = null;
  return async function wish(said) {
    next = said;
    if (under) return;
    while (next !== null) {
      [under, next] = [next, null];
      await ask(under);
    }
    under = null;
  };
}

const filled = (template, words) => template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(words[name]));
// Here k has no other name than its value.
const unnamed = (sentence) => sentence.replace(/^[^:.]*: (.)/, (_, first) => first.toUpperCase());
const short = (value) => (value < 0.01 ? value.toPrecision(3) : Number(value.toPrecision(3))).toString();

function scale(story) {
  const [d, k] = ["D", "k"].map((name) => story.querySelector(`[name=${name}]`));
  const plot = story.querySelector(".plot");
  let drawn = null;

  const ask = newestOf(async (query) => {
    try {
      for await (const { event, data } of events(`${story.dataset.look}?${query}&open=why`, new AbortController().signal)) {
        if (event === "figures") draw(data[story.dataset.chartName]);
        else if (event === "findings") story.querySelector(".said").textContent = unnamed(data[0].sentence);
        else if (event === "explanation") reason(data);
        else if (event === "problem") story.querySelector(".said").textContent = data.detail;
      }
    } catch (error) {
      story.querySelector(".said").textContent = `No answer just now: ${error.message}`;
    }
  });

  function draw(figure) {
    drawn = figure;
    const ticks = [-4, -2, 0, 2, 4];
    const xaxis = { ...figure.layout.xaxis, range: ENDS, tickvals: ticks, ticktext: ticks.map((tick) => String(tick).replace("-", "−")), title: { text: "output z" } };
    const margin = { ...figure.layout.margin, t: MOST.t };
    const template = templates[dark.matches ? "dark" : "light"];
    sketch(plot, { data: figure.data, layout: { ...figure.layout, template, xaxis, margin, height: MOST.height, annotations: [] } });
  }

  // Of the whole account the derivation, in which these numbers stand.
  function reason(html) {
    const account = document.createElement("template");
    account.innerHTML = html;
    story.querySelector(".reason").replaceChildren(...account.content.querySelectorAll(".derivation"));
    for (const wide of story.querySelectorAll("math[display=block], .command code")) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    }
  }

  function changed() {
    const words = { D: 2 ** d.value, k: short(10 ** k.value) };
    for (const [name, value] of Object.entries(words)) {
      story.querySelector(`[data-shown=${name}]`).textContent = value;
      story.querySelector(`[name=${name}]`).setAttribute("aria-valuetext", value);
    }
    const query = filled(story.dataset.spec, words);
    story.querySelector("[data-onward]").href = `${story.dataset.page}?${query}`;
    ask(query);
  }

  story.addEventListener("input", changed);
  story.addEventListener("click", ({ target }) => {
    if (target.dataset.power === undefined) return;
    k.value = Number(target.dataset.power) * d.value * Math.log10(2);
    changed();
  });
  new ResizeObserver(() => drawn && draw(drawn)).observe(plot);
  dark.addEventListener("change", () => drawn && draw(drawn));
  whenSeen(story, changed);
}

function gain(story) {
  const choice = story.querySelector("select");
  const place = story.querySelector(".gains");

  const ask = newestOf(async (query) => {
    try {
      for await (const { event, data } of events(`${story.dataset.look}?${query}`, new AbortController().signal)) {
        if (event === "findings") place.replaceChildren(...data.filter(({ about }) => about === story.dataset.about).flatMap(said));
        else if (event === "problem") throw new Error(data.detail);
      }
    } catch (error) {
      place.textContent = `No answer just now: ${error.message}`;
    }
  });

  function said({ sentence, advice, code }) {
    const paragraph = Object.assign(document.createElement("p"), { textContent: code || !advice ? sentence : `${sentence} ${advice}` });
    if (!code) return [paragraph];
    const line = Object.assign(document.createElement("div"), { className: "command" });
    line.append(
      Object.assign(document.createElement("code"), { textContent: code, tabIndex: 0 }),
      Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" }),
    );
    return [line, paragraph];
  }

  function changed() {
    const query = filled(story.dataset.spec, { activation: choice.value });
    story.querySelector("[data-onward]").href = `${story.dataset.page}?${query}`;
    ask(query);
  }

  choice.addEventListener("change", changed);
  copyOnClick(story);
  whenSeen(story, changed);
}

const STEPS = { scale, gain };
for (const story of document.querySelectorAll("[data-story]")) STEPS[story.dataset.story](story);
