// How pages that ask for many things ask: what comes into sight, one after the other, and again when the server says when.

const TRIES = 10;
let turn = Promise.resolve();

export function whenSeen(element, callback) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      callback();
    },
    { rootMargin: "200px" },
  );
  observer.observe(element);
}

export function inTurn(ask) {
  turn = turn.then(ask);
  return turn;
}

export async function patiently(url, options) {
  for (let tries = 0; ; tries += 1) {
    const response = await fetch(url, options);
    const wait = Number(response.headers.get("Retry-After"));
    if (!wait || tries === TRIES) return response;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}
