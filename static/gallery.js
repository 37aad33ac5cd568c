// Each famous experiment is run when it comes into sight, one after the other; then it has its picture for nothing.

import { inTurn, patiently, whenSeen } from "./asking.js";

async function measure(famous) {
  const sentence = famous.querySelector(".sentence");
  try {
    const response = await patiently(famous.dataset.famous);
    const told = await response.json();
    if (!response.ok) throw new Error(told.detail);
    sentence.textContent = told.sentence;
    famous.querySelectorAll(".measured").forEach((cell, index) => {
      const { number, agrees } = told.measured[index];
      cell.textContent = agrees ? number : `${number}, not the same`;
      cell.classList.toggle("flag", !agrees);
    });
    const picture = famous.querySelector("img");
    picture.src = picture.dataset.src;
  } catch (error) {
    sentence.textContent = `No number just now: ${error.message}`;
  }
}

for (const famous of document.querySelectorAll("[data-famous]")) whenSeen(famous, () => inTurn(() => measure(famous)));
