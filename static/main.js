// Every experiment on the page: state -> address -> stream -> charts, in that direction only.

import { joined, parse } from "./address.js";
import { card, numbers } from "./card.js";
import { draw, markPlace, placeAt, redraw, redrawOnThemeChange } from "./charts.js";
import { copyOnClick, copy } from "./copy.js";
import { dismissHelp, fill, queryOf, settle, showDifferences, showErrors, unfinished } from "./form.js";
import { printWhole } from "./print.js";
import { sliders } from "./slider.js";
import { events } from "./stream.js";
import { colors, showAnswer, showFindings, showPage } from "./words.js";

const QUIET = 150; // ms without a key before a run begins
const FOLLOWING = 1000; // ms that a run may take and still be waited for while the hand moves on
const PATIENCE = 300; // ms before a run is worth a progress bar
const ONE_GESTURE = 1500; // ms within which changes of one field are one step for Back
const ALL = "all";

function experiment(root) {
  const name = root.dataset.experiment;
  const form = root.querySelector("form");
  const part = (selector) => root.querySelector(selector);
  const fields = root.dataset.view?.split(" ") ?? [];
  let view = form ? parse(location.search, fields).view : { open: [ALL] }; // without a form the page has its charts open
  let running = null; // { controller, since }
  let again = false; // something changed while a run was nearly done
  let timer = 0;
  let last = { field: null, at: 0 }; // the change before
  let answered = null;
  let before = null; // the pinned run: its figures and its answer
  let only = null;
  let canonical = parse(location.search, fields).spec; // the query of the run on screen

  const query = () => (form ? queryOf(form) : root.dataset.query);
  const look = () => ({ only, place: place(), pinned: before?.figures, hidden: view.hide?.[0] });

  // -- The address ------------------------------------------------------------------------------------------------

  function address(spec) {
    const said = joined(spec, view);
    return `${location.pathname}${said && `?${said}`}`;
  }

  function remember(how = "replaceState", spec = canonical) {
    if (form && address(spec) !== location.pathname + location.search) history[how](null, "", address(spec));
  }

  // -- The run ----------------------------------------------------------------------------------------------------

  function lookAddress(spec, shown = view) {
    const said = joined(spec, { ...shown, pinned: [], ask: [] });
    return `./api/${name}/look${said && `?${said}`}`;
  }

  const looked = (spec, signal) => events(lookAddress(spec), signal);

  async function run() {
    halt();
    again = false;
    const mine = { controller: new AbortController(), since: performance.now() };
    running = mine;
    const late = setTimeout(() => waiting(true), PATIENCE);
    root.setAttribute("aria-busy", "true");
    root.classList.remove("idle");
    showErrors(root, []);
    status("");
    part(".again").hidden = true;
    try {
      let ended = false;
      for await (const { event, data } of looked(query(), mine.controller.signal)) {
        ended ||= event === "done" || event === "problem";
        if (running === mine) await show(event, data);
      }
      if (running === mine && !ended) stopped("The connection was lost before the result came.");
    } catch (error) {
      if (running === mine) stopped(`The server did not answer: ${error.message}`);
    } finally {
      clearTimeout(late);
      if (running === mine) halt();
    }
    if (again && !running) run();
  }

  function halt() {
    running?.controller.abort();
    running = null;
    waiting(false);
    root.removeAttribute("aria-busy");
  }

  // The newest wins; but while the hand moves, a run that is nearly done is let finish, so that the charts follow.
  function ask() {
    if (!running) return run();
    again = true;
    const waited = running;
    setTimeout(() => again && running === waited && runAfresh(), FOLLOWING - (performance.now() - running.since));
  }

  // A run that is given up needs a moment to leave the server.
  function runAfresh() {
    halt();
    timer = setTimeout(run, QUIET);
  }

  async function show(event, data) {
    if (event === "waiting") {
      status(data.said);
    } else if (event === "progress") {
      part(".progress").max = data.total;
      part(".progress").value = data.done;
      if (part(".status").textContent) status("");
    } else if (event === "page") {
      showPage(root, data);
    } else if (event === "figures") {
      status("");
      await draw(root, data, look());
    } else if (event === "answer") {
      answered = data;
      root.classList.remove("pending");
      tell();
    } else if (event === "findings") {
      showFindings(root, data);
    } else if (event === "explanation") {
      explain(data);
    } else if (event === "done") {
      canonical = data.links.page.split("?")[1] ?? "";
      if (!again) remember("replaceState", canonical);
      if (form) showDifferences(form);
      root.classList.remove("stale");
      status("Done.");
      root.dispatchEvent(new CustomEvent("result", { detail: data }));
    } else if (event === "problem") {
      const elsewhere = showErrors(root, data.errors ?? [], data.fits);
      stopped([data.detail, ...elsewhere].join(" "));
    }
  }

  function tell() {
    showAnswer(root, answered, only, before?.answer);
    tellPlace();
    const table = part('[data-section="numbers"]');
    if (!table) return;
    table.hidden = !answered.readings;
    if (table.open) numbers(table.querySelector(".scroll"), answered.readings, labels());
  }

  function explain(html) {
    const why = part(".why");
    if (!why) return;
    why.innerHTML = html;
    for (const wide of why.querySelectorAll("math[display=block]")) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    }
  }

  const labels = () => Object.fromEntries(answered.verdicts.map(({ init, label }) => [init, label]));

  // -- What is said of it -------------------------------------------------------------------------------------------

  function status(text) {
    part(".status").textContent = text;
    part(".status").classList.toggle("quiet", text === "Done.");
  }

  function stopped(text) {
    again = false;
    root.classList.remove("pending");
    status(text);
    root.classList.add("stale");
    part(".again").hidden = false;
  }

  function waiting(on) {
    part(".progress").hidden = !on;
    part(".cancel").hidden = !on;
    if (!on) part(".progress").value = 0;
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
    clearTimeout(timer);
    if (unfinished(form)) return;
    const how = step(target?.closest?.("[data-field]")?.dataset.field ?? null);
    const go = () => {
      remember(how, query());
      ask();
    };
    if (target?.matches?.(".slider")) go();
    else {
      halt();
      again = false;
      timer = setTimeout(go, QUIET);
    }
  }

  function returned() {
    const found = parse(location.search, fields);
    view = found.view;
    canonical = found.spec;
    fill(form, found.spec);
    settle(form);
    last = { field: null, at: 0 };
    for (const section of root.querySelectorAll(".section")) section.open = unfolded(section);
    for (const button of root.querySelectorAll("[data-axis]")) press(button, view.axes.includes(button.dataset.axis));
    comparePinned().then(run);
  }

  const press = (button, on) => button.setAttribute("aria-pressed", String(on));

  // -- The chosen place -----------------------------------------------------------------------------------------------

  function place() {
    const there = answered?.readings?.numbers;
    if (!there) return null;
    const chosen = Number(view.layer?.[0] ?? there.at(-1));
    return Math.min(Math.max(chosen, there[0]), there.at(-1));
  }

  let saving = 0;
  function choose(chosen) {
    if (!answered?.readings || chosen === null) return;
    view.layer = [String(chosen)];
    tellPlace();
    clearTimeout(saving);
    saving = setTimeout(() => running || remember(), 300);
  }

  function tellPlace() {
    if (!part(".card")) return;
    const now = place();
    card(part(".card"), answered.readings, now, colors, labels(), choose);
    for (const plot of root.querySelectorAll(".plot[data-place]")) markPlace(plot, now);
    if (root.querySelector(".section[open] [data-chart]")) placed();
  }

  // Charts that show one place at a time are drawn anew, once the hand rests.
  let resting = 0;
  function placed() {
    clearTimeout(resting);
    resting = setTimeout(() => redraw(root, look()), 80);
  }

  function pointed(event) {
    const plot = event.target.closest?.(".plot");
    if (plot && (event.type === "click" || event.pointerType === "mouse")) choose(placeAt(plot, event.clientX));
  }

  function arrows(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea, .scroll")) return;
    const there = answered?.readings?.numbers;
    if (!there) return;
    event.preventDefault();
    choose(there[Math.min(Math.max(there.indexOf(place()) + way, 0), there.length - 1)]);
  }

  // -- Sections, axes, one init alone, a pinned run ---------------------------------------------------------------------

  const unfolded = ({ dataset }) => view.open.includes(ALL) || view.open.includes(dataset.section);

  function folded(section) {
    if (section.open === unfolded(section) || part(".on-paper")) return;
    const open = [...root.querySelectorAll(".section[open]")].map(({ dataset }) => dataset.section);
    const all = [...root.querySelectorAll(".section:not([hidden])")].every((one) => one.open);
    view.open = all ? [ALL] : open;
    remember();
    tellFolds();
    if (section.open) run();
  }

  function tellFolds() {
    const button = part(".open-all");
    if (button) button.textContent = view.open.includes(ALL) ? "Close all" : "Open all";
  }

  function openAll(on) {
    view.open = on ? [ALL] : [];
    for (const section of root.querySelectorAll(".section")) section.open = on;
    remember();
    tellFolds();
    if (on) run();
  }

  function clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".verdict") && button.dataset.init) isolate(button.dataset.init);
    else if (button.dataset.axis) turn(button.dataset.axis);
    else if (button.matches(".pin")) pin();
    else if (button.matches(".new-seed")) newSeed();
    else if (button.matches(".open-all")) openAll(!view.open.includes(ALL));
    else if (button.matches(".copy-card")) copy(part(".card").dataset.words, button);
    else if (button.matches(".handle")) sheet(button);
  }

  function isolate(init) {
    only = only === init ? null : init;
    const had = document.activeElement?.closest(".verdict")?.dataset.init;
    showAnswer(root, answered, only, before?.answer);
    if (had) root.querySelector(`.verdict[data-init="${CSS.escape(had)}"]`)?.focus();
    redraw(root, look());
  }

  function turn(axis) {
    const on = !view.axes.includes(axis);
    view.axes = on ? [...view.axes, axis] : view.axes.filter((other) => other !== axis);
    for (const button of root.querySelectorAll(`[data-axis="${axis}"]`)) press(button, on);
    remember("pushState");
    last = { field: null, at: 0 };
    run();
  }

  function pin() {
    view.pinned = view.pinned.length ? [] : [canonical];
    remember("pushState");
    last = { field: null, at: 0 };
    comparePinned().then(run);
  }

  async function comparePinned() {
    const [pinned] = view.pinned ?? [];
    const button = part(".pin");
    before = null;
    if (button) {
      press(button, pinned !== undefined);
      button.textContent = pinned === undefined ? "Pin to compare" : "Unpin";
    }
    if (pinned === undefined) return;
    root.setAttribute("aria-busy", "true");
    const found = {};
    try {
      for await (const { event, data } of looked(pinned)) if (["figures", "answer"].includes(event)) found[event] = data;
      if (found.figures && found.answer) before = found;
    } catch {
      before = null; // the run itself will say what is wrong
    }
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

  if (form) {
    settle(form);
    sliders(form);
    dismissHelp(form);
    showDifferences(form);
    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      remember(step(null), query());
      run();
    });
    addEventListener("popstate", returned);
    root.addEventListener("click", clicked);
    root.addEventListener("pointermove", pointed);
    root.addEventListener("click", pointed);
    document.addEventListener("keydown", arrows);
    root.addEventListener("toggle", ({ target }) => target.matches(".section") && folded(target), true);
    printWhole(root, () => lookAddress(query(), { ...view, open: [ALL] }), show);
    part(".new-seed").hidden = !form.querySelector('[data-field="seed"]');
    tellFolds();
  }
  part(".cancel").addEventListener("click", () => {
    halt();
    stopped("Cancelled. Nothing is running.");
    part(".again").focus();
  });
  part(".again").addEventListener("click", run);
  redrawOnThemeChange(root);
  copyOnClick(root);

  if (root.dataset.run === "now") comparePinned().then(run);
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
