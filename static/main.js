// Every experiment on the page: state -> address -> stream -> charts, in that direction only.

import { draw, redrawOnThemeChange } from "./charts.js";
import { copyOnClick } from "./copy.js";
import { queryOf, settle, showErrors } from "./form.js";
import { showFindings, showPage } from "./words.js";
import { events } from "./stream.js";

const QUIET = 150; // ms without a change before a run begins
const PATIENCE = 300; // ms before a run is worth a progress bar
const narrow = matchMedia("(max-width: 999px)");

function experiment(root) {
  const name = root.dataset.experiment;
  const form = root.querySelector("form");
  const part = (selector) => root.querySelector(selector);
  let running = null;
  let timer = 0;
  let drawn = null;

  const query = () => (form ? queryOf(form) : root.dataset.query);

  async function run() {
    halt();
    const mine = new AbortController();
    running = mine;
    const late = setTimeout(() => waiting(true), PATIENCE);
    root.setAttribute("aria-busy", "true");
    root.classList.remove("idle");
    showErrors(root, []);
    status("");
    part(".again").hidden = true;
    try {
      const asked = query();
      let ended = false;
      for await (const { event, data } of events(`./api/${name}/stream${asked && `?${asked}`}`, mine.signal)) {
        ended ||= event === "result" || event === "problem";
        if (running === mine) await show(mine, event, data);
      }
      if (running === mine && !ended) stopped("The connection was lost before the result came.");
    } catch (error) {
      if (running === mine) stopped(`The server did not answer: ${error.message}`);
    } finally {
      clearTimeout(late);
      if (running === mine) halt();
    }
  }

  function halt() {
    running?.abort();
    running = null;
    waiting(false);
    root.removeAttribute("aria-busy");
  }

  async function show(mine, event, data) {
    if (event === "progress") {
      part(".progress").max = data.total;
      part(".progress").value = data.done;
    } else if (event === "page") {
      showPage(root, data);
    } else if (event === "figures") {
      drawn = draw(root, data);
    } else if (event === "findings") {
      showFindings(root, data);
    } else if (event === "explanation") {
      if (part(".why")) part(".why").innerHTML = data;
    } else if (event === "result") {
      await drawn;
      if (running !== mine) return;
      if (form) history.replaceState(null, "", `.${data.links.page}`);
      root.classList.remove("stale");
      status("Done.");
      root.dispatchEvent(new CustomEvent("result", { detail: data }));
    } else if (event === "problem") {
      const elsewhere = showErrors(root, data.errors ?? []);
      stopped([data.detail, ...elsewhere].join(" "));
    }
  }

  function status(text) {
    part(".status").textContent = text;
    part(".status").classList.toggle("quiet", text === "Done.");
  }

  function stopped(text) {
    status(text);
    root.classList.add("stale");
    part(".again").hidden = false;
  }

  function waiting(on) {
    part(".progress").hidden = !on;
    part(".cancel").hidden = !on;
    if (!on) part(".progress").value = 0;
  }

  function changed() {
    settle(form);
    clearTimeout(timer);
    halt();
    timer = setTimeout(() => {
      const asked = queryOf(form);
      history.replaceState(null, "", `./${name}${asked && `?${asked}`}`);
      run();
    }, QUIET);
  }

  if (form) settle(form);
  form?.addEventListener("input", changed);
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
  });
  part(".cancel").addEventListener("click", () => {
    halt();
    stopped("Cancelled. Nothing is running.");
  });
  part(".again").addEventListener("click", run);
  if (narrow.matches && root.dataset.run === "now") part(".fold")?.removeAttribute("open");
  redrawOnThemeChange(root);
  copyOnClick(root);

  if (root.dataset.run === "now") run();
  if (root.dataset.run === "seen") whenSeen(root, run);
}

function whenSeen(element, callback) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      callback();
    },
    { rootMargin: "300px" },
  );
  observer.observe(element);
}

document.querySelectorAll("[data-experiment]").forEach(experiment);
