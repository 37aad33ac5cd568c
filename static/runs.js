// One run at a time, and what is said of it. The newest wins; but while the hand moves, a run that is nearly done may
// still show the charts in sight, so that they follow. The last one is shown whole.

import { showErrors } from "./form.js";
import { events } from "./stream.js";

const QUIET = 150; // ms without a key before a run begins
const FOLLOWING = 1000; // ms that a run may take and still be waited for while the hand moves on
const PATIENCE = 300; // ms before a run is worth a progress bar

// `address(whole)` is what is asked for, `show(event, data)` puts what comes of it on the page.
export function runs(root, address, show) {
  const part = (selector) => root.querySelector(selector);
  let running = null; // { controller, since }
  let again = false; // something changed while a run was nearly done
  let timer = 0;

  async function run(whole = true) {
    halt();
    begun();
    const mine = { controller: new AbortController(), since: performance.now() };
    running = mine;
    const late = setTimeout(() => waiting(true), PATIENCE);
    let enough = false;
    try {
      let ended = false;
      for await (const { event, data } of events(address(whole), mine.controller.signal)) {
        if (running !== mine) break;
        await told(event, data);
        enough = event === "answer" && (again || !whole);
        ended = enough || event === "done" || event === "problem";
        if (ended) break;
        await globalThis.scheduler?.yield?.(); // so that a hand need not wait for all that comes at once
      }
      if (running === mine && !ended) failed("The connection was lost before the result came.");
    } catch (error) {
      if (running === mine) failed(`The server did not answer: ${error.message}`);
    } finally {
      clearTimeout(late);
      if (running === mine) halt();
    }
    if (running) return;
    if (again) run(false);
    else if (enough) afterQuiet(() => run());
  }

  function begun() {
    again = false;
    clearTimeout(timer);
    root.setAttribute("aria-busy", "true");
    root.classList.remove("idle");
    showErrors(root, []);
    say("");
    part(".again").hidden = true;
  }

  function halt() {
    running?.controller.abort();
    running = null;
    waiting(false);
    root.removeAttribute("aria-busy");
  }

  async function told(event, data) {
    if (event === "waiting") say(data.said);
    else if (event === "progress") progress(data);
    else if (event === "problem") {
      const elsewhere = showErrors(root, data.errors ?? [], data.fits);
      await show(event, data);
      failed([data.detail, ...elsewhere].join(" "));
    } else {
      await show(event, data);
      if (event === "done") say("Done.");
    }
  }

  function follow() {
    if (!running) return run(false);
    if (again) return;
    again = true;
    const waited = running;
    setTimeout(() => running === waited && afterQuiet(() => run()), FOLLOWING - (performance.now() - running.since));
  }

  // Whoever types is waited for, and a run that is given up needs a moment to leave the server.
  function afterQuiet(go) {
    halt();
    again = false;
    clearTimeout(timer);
    timer = setTimeout(go, QUIET);
  }

  function say(text, failure = false) {
    part(".status").textContent = text;
    part(".status").classList.toggle("quiet", text === "Done.");
    part(".status").classList.toggle("failed", failure);
  }

  function progress({ done, total, said = "" }) {
    Object.assign(part(".progress"), { max: total, value: done });
    if (part(".status").textContent !== said) say(said);
  }

  const failed = (text) => stopped(text, true);

  function stopped(text, failure = false) {
    again = false;
    root.classList.remove("pending");
    root.classList.add("stale");
    say(text, failure);
    part(".again").hidden = false;
  }

  function waiting(on) {
    part(".progress").hidden = !on;
    part(".cancel").hidden = !on;
    if (!on) part(".progress").value = 0;
  }

  part(".cancel").addEventListener("click", () => {
    halt();
    stopped("Cancelled. Nothing is running.");
    part(".again").focus();
  });
  part(".again").addEventListener("click", () => run());

  return {
    run: () => run(),
    follow,
    afterQuiet,
    cancelQuiet: () => clearTimeout(timer),
    get busy() {
      return running !== null;
    },
    get outdated() {
      return again;
    },
  };
}
