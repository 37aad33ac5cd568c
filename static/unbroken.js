// A number is not parted from its power, its error or its per cent where a line ends: what is written into the page is
// joined before it is seen.

const SPACES = /(?<=\d) (?=[%×])|(?<=[×±]) (?=\d)/g;
const NOT = "code, pre, svg, script"; // what is copied to be run, and what breaks no lines
const main = document.getElementById("main");

function join(text) {
  const joined = text.data.replace(SPACES, "\u00a0");
  if (joined !== text.data) text.data = joined;
}

function joinAll(node) {
  if (node.nodeType === Node.TEXT_NODE) return join(node);
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(NOT)) join(walker.currentNode);
}

new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    if (!target.isConnected || (target.parentElement ?? target).closest(NOT)) continue;
    for (const node of addedNodes.length ? addedNodes : [target]) joinAll(node);
  }
}).observe(main, { childList: true, subtree: true, characterData: true });
joinAll(main);
