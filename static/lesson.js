// A lesson: first the reader's guess, then what happens; what is hidden is shown when it is asked for.

const lesson = document.querySelector(".lesson");
const asking = lesson.querySelector(".ask");

asking?.addEventListener("submit", (event) => {
  event.preventDefault();
  const guess = new FormData(asking);
  const inits = guess.getAll("guess");
  const words = guess.get("words")?.trim();
  lesson.classList.add("asked");
  const told = lesson.querySelector(".guess");
  const labels = inits.map((init) => asking.querySelector(`[value="${CSS.escape(init)}"]`).nextElementSibling.textContent);
  const said = [...labels, words].filter(Boolean).join(", ") || "none";
  told.hidden = false;
  told.textContent = `Your guess: ${said}.`;
  whenAnswered(() => {
    const right = [...document.querySelectorAll(".verdict")].filter((line) => line.querySelector(".word")?.textContent === lesson.dataset.ask);
    if (words !== undefined) return; // a question in the teacher's own words is the reader's to judge
    const same = right.length === inits.length && right.every(({ dataset }) => inits.includes(dataset.init));
    const names = right.map((line) => line.querySelector("b").textContent).join(", ");
    told.textContent += same ? " Right." : ` It is ${names || "none of them"}.`;
  });
});

function whenAnswered(callback) {
  const root = lesson.closest("[data-experiment]");
  if (root.querySelector(".verdict .word")?.textContent) callback();
  else root.addEventListener("result", callback, { once: true });
}

// The page's own state is its address: without the hiding it shows everything.
lesson.querySelector(".reveal button")?.addEventListener("click", () => {
  const address = new URL(location.href);
  address.searchParams.delete("hide");
  history.replaceState(null, "", address.pathname + address.search);
  delete lesson.dataset.hide;
  if (asking) lesson.querySelector(".reveal").remove();
  else lesson.remove();
  dispatchEvent(new PopStateEvent("popstate"));
});
