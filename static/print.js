// On paper everything is open and drawn. A browser waits for no answer before it prints, so this one is asked for at once.

import { printed } from "./charts.js";
import { settings } from "./form.js";
import { parse } from "./stream.js";

export function printWhole(root, address, show) {
  let open = [];
  addEventListener("beforeprint", () => {
    const sections = [...root.querySelectorAll(".section")];
    open = sections.filter((section) => section.open);
    for (const section of sections) section.open = true;
    const today = new Date().toLocaleDateString("en", { dateStyle: "long" });
    root.querySelector(".settings").textContent = `${settings(root.querySelector("form"))} ${location.href}, ${today}`;
    const request = new XMLHttpRequest();
    request.open("GET", address(), false);
    request.send();
    if (request.status !== 200) return;
    for (const { event, data } of request.responseText.split("\n\n").map(parse).filter(Boolean)) {
      if (event === "figures") printed(root, data);
      else if (["answer", "findings", "explanation"].includes(event)) show(event, data);
    }
  });
  addEventListener("afterprint", () => {
    for (const section of root.querySelectorAll(".section")) section.open = open.includes(section);
    for (const drawing of root.querySelectorAll(".on-paper")) drawing.remove();
  });
}
