// Links and commands, to take along.

const told = Object.assign(document.createElement("p"), { className: "unseen", role: "status" });
document.body.append(told);

export function copyOnClick(root) {
  root.querySelector(".copy-link")?.addEventListener("click", ({ target }) => copy(location.href, target));
  root.addEventListener("click", ({ target }) => {
    if (target.matches(".copy")) copy(target.previousElementSibling.textContent, target);
  });
}

export async function copy(text, button) {
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = told.textContent = "Copied";
  } catch {
    prompt("Copy this:", text); // where the page may not write to the clipboard
  }
  setTimeout(() => {
    button.textContent = label;
    told.textContent = "";
  }, 1500);
}
