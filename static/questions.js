// Each answer is asked of the API when its question comes into sight, one after the other.

const TRIES = 10;
let turn = Promise.resolve();

function answerWhenSeen(question) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      turn = turn.then(() => answer(question));
    },
    { rootMargin: "200px" },
  );
  observer.observe(question);
}

async function answer(question) {
  const place = question.querySelector(".answer");
  try {
    const response = await patiently(question.dataset.findings);
    if (!response.ok) throw new Error((await response.json()).detail);
    const { about, init } = question.dataset;
    const found = (await response.json()).filter((finding) => finding.about === about);
    place.replaceChildren(...found.filter((finding) => !init || finding.init === init).flatMap(paragraphs));
  } catch (error) {
    place.textContent = `No answer just now: ${error.message}`;
  }
}

// Where every place is taken, the server says when to come back.
async function patiently(url) {
  for (let tries = 0; ; tries += 1) {
    const response = await fetch(url);
    const wait = Number(response.headers.get("Retry-After"));
    if (!wait || tries === TRIES) return response;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

function paragraphs({ sentence, advice, code }) {
  const said = document.createElement("p");
  said.textContent = code || !advice ? sentence : `${sentence} ${advice}`;
  if (!code) return [said];
  const line = Object.assign(document.createElement("pre"), { tabIndex: 0 });
  line.append(Object.assign(document.createElement("code"), { textContent: code }));
  return [said, line];
}

document.querySelectorAll("[data-findings]").forEach(answerWhenSeen);
