// Each answer is asked of the API when its question comes into sight, one after the other.

import { inTurn, patiently, whenSeen } from "./asking.js";

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

function paragraphs({ sentence, advice, code }) {
  const said = document.createElement("p");
  said.textContent = code || !advice ? sentence : `${sentence} ${advice}`;
  if (!code) return [said];
  const line = Object.assign(document.createElement("pre"), { tabIndex: 0 });
  line.append(Object.assign(document.createElement("code"), { textContent: code }));
  return [said, line];
}

for (const question of document.querySelectorAll("[data-findings]")) whenSeen(question, () => inTurn(() => answer(question)));
