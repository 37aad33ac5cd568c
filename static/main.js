// Every experiment on the page: state -> address -> stream -> charts, in that direction only.

import { joined, parse } from "./address.js";
import { numbers } from "./card.js";
import { draw, redraw, redrawOnThemeChange } from "./charts.js";
import { pinned } from "./compare.js";
import { copy, copyOnClick } from "./copy.js";
import { dismissHelp, fill, queryOf, settle, showDifferences, unfinished } from "./form.js";
import { chosenPlace } from "./place.js";
import { printWhole } from "./print.js";
import { runs } from "./runs.js";
import { sections } from "./sections.js";
import { sliders } from "./slider.js";
import { events } from "./stream.js";
import { markPreset, showAnswer, showFindings, showPage } from "./words.js";

const ONE_GESTURE = 1500; // ms within which changes of one field are one step for Back

function experiment(root) {
  const name = root.dataset.experiment;
  const form = root.querySelector("form");
  const part = (selector) => root.querySelector(selector);
  const fields = root.dataset.view?.split(" ") ?? [];
  const asked = parse(location.search, fields);
  const page = {
    root,
    view: form ? asked.view : { open: ["all"] }, // without a form the page has its charts open
    spec: asked.spec, // the query of the run on screen
    answered: null,
    pinned: null, // a run to compare with: its figures and its answer
    only: null, // the init looked at alone
    get labels() {
      return Object.fromEntries(this.answered.verdicts.map(({ init, label }) => [init, label]));
    },
  };
  let last = { field: null, at: 0 }; // the change before
  let drawn = Promise.resolve();

  const query = () => (form ? queryOf(form) : root.dataset.query);
  const look = () => ({ only: page.only, place: place.now(), pinned: page.pinned?.figures, hidden: page.view.hide?.[0] });
  const running = runs(root, (whole) => lookAddress(query(), whole ? page.view : folds.inSight()), show);
  const place = chosenPlace(page, look, () => running.busy || remember());

  // -- The address ------------------------------------------------------------------------------------------------

  function remember(how = "replaceState", spec = page.spec) {
    const said = joined(spec, page.view);
    const address = `${location.pathname}${said && `?${said}`}`;
    if (form && address !== location.pathname + location.search) history[how](null, "", address);
  }

  function lookAddress(spec, view = page.view) {
    const said = joined(spec, { ...view, pinned: [], ask: [] });
    return `./api/${name}/look${said && `?${said}`}`;
  }

  // -- What comes of a run ------------------------------------------------------------------------------------------

  async function show(event, data) {
    if (event === "page") {
      showPage(root, data);
    } else if (event === "figures") {
      drawn = draw(root, data, look());
      drawn.catch(() => {}); // said at the end, where it is waited for
    } else if (event === "answer") {
      page.answered = data;
      root.classList.remove("pending");
      tell();
    } else if (event === "findings") {
      showFindings(root, data);
    } else if (event === "explanation") {
      explain(data);
    } else if (event === "done") {
      await drawn;
      page.spec = data.links.page.split("?")[1] ?? "";
      if (!running.outdated) remember();
      if (form) showDifferences(form);
      markPreset(root, page.spec);
      root.classList.remove("stale");
      root.dispatchEvent(new CustomEvent("result", { detail: data }));
    } else if (event === "problem") {
      remember("replaceState", query());
    }
  }

  function tell() {
    showAnswer(root, page.answered, page.only, page.pinned?.answer);
    place.tell();
    const table = part('[data-section="numbers"]');
    if (!table) return;
    table.hidden = !page.answered.readings;
    if (table.open) numbers(table.querySelector(".scroll"), page.answered.readings, page.labels);
  }

  function explain(html) {
    const why = part(".why");
    if (!why) return;
    why.innerHTML = html;
    for (const wide of why.querySelectorAll("math[display=block]")) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    }
  }

  // -- The hand -----------------------------------------------------------------------------------------------------

  // Changes of one field, one soon after another, are one step for Back.
  function step(field) {
    const now = performance.now();
    const same = field !== null && field === last.field && now - last.at < ONE_GESTURE;
    last = { field, at: now };
    return same ? "replaceState" : "pushState";
  }

  function changed({ target }) {
    settle(form);
    running.cancelQuiet();
    if (unfinished(form)) return;
    const how = step(target?.closest?.("[data-field]")?.dataset.field ?? null);
    const go = () => {
      if (how === "pushState" || !running.busy) remember(how, query());
      running.follow();
    };
    if (target?.matches?.(".slider")) go();
    else running.afterQuiet(go);
  }

  function returned() {
    const found = parse(location.search, fields);
    Object.assign(page, found);
    fill(form, found.spec);
    settle(form);
    last = { field: null, at: 0 };
    folds.restore();
    for (const button of root.querySelectorAll("[data-axis]")) press(button, page.view.axes.includes(button.dataset.axis));
    compare().then(running.run);
  }

  const press = (button, on) => button.setAttribute("aria-pressed", String(on));

  function clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".verdict") && button.dataset.init) isolate(button.dataset.init);
    else if (button.dataset.axis) turn(button.dataset.axis);
    else if (button.matches(".pin")) pin();
    else if (button.matches(".new-seed")) newSeed();
    else if (button.matches(".open-all")) folds.toggleAll();
    else if (button.matches(".copy-card")) copy(part(".card").dataset.words, button);
    else if (button.matches(".handle")) sheet(button);
  }

  function isolate(init) {
    page.only = page.only === init ? null : init;
    const had = document.activeElement?.closest(".verdict")?.dataset.init;
    showAnswer(root, page.answered, page.only, page.pinned?.answer);
    if (had) root.querySelector(`.verdict[data-init="${CSS.escape(had)}"]`)?.focus();
    redraw(root, look());
  }

  function turn(axis) {
    const { axes } = page.view;
    const on = !axes.includes(axis);
    page.view.axes = on ? [...axes, axis] : axes.filter((other) => other !== axis);
    for (const button of root.querySelectorAll(`[data-axis="${axis}"]`)) press(button, on);
    remember(step(null));
    running.run();
  }

  function pin() {
    page.view.pinned = page.view.pinned.length ? [] : [page.spec];
    remember(step(null));
    compare().then(running.run);
  }

  // The pinned run is at hand before the one that is drawn over it.
  async function compare() {
    const [query] = page.view.pinned ?? [];
    const button = part(".pin");
    if (button) {
      press(button, query !== undefined);
      button.textContent = query === undefined ? "Pin to compare" : "Unpin";
    }
    if (query !== undefined) root.setAttribute("aria-busy", "true");
    page.pinned = await pinned(query, (spec) => events(lookAddress(spec)));
  }

  function newSeed() {
    const input = form.querySelector('[data-field="seed"] input');
    input.value = Math.floor(Math.random() * 1e6);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // On a phone the form is a sheet from the bottom, and the charts stay in sight over it.
  function sheet(handle) {
    const open = part(".sheet").classList.toggle("open");
    handle.setAttribute("aria-expanded", String(open));
    handle.textContent = open ? "Close" : "Change the experiment";
    if (open) part(".charts").scrollIntoView({ block: "start" });
  }

  // -- ----------------------------------------------------------------------------------------------------------------

  const folds = sections(page, (opened) => {
    remember();
    if (opened) running.run();
  });
  if (form) {
    settle(form);
    sliders(form);
    dismissHelp(form);
    showDifferences(form);
    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      remember(step(null), query());
      running.run();
    });
    addEventListener("popstate", returned);
    root.addEventListener("click", clicked);
    place.listen();
    printWhole(root, () => lookAddress(query(), { ...page.view, open: ["all"] }), show);
    part(".new-seed").hidden = !form.querySelector('[data-field="seed"]');
  }
  redrawOnThemeChange(root);
  copyOnClick(root);

  if (root.dataset.run === "now") compare().then(running.run);
  if (root.dataset.run === "seen") whenSeen(root, running.run);
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
