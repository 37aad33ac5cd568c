// Server-sent events over fetch, so that a run can be aborted and a refusal read. Where the server has no place for now,
// it says when to come back, and that is done.

const TRIES = 20;

export async function* events(url, signal) {
  let response;
  for (let tries = 1; ; tries += 1) {
    response = await fetch(url, { signal, headers: { Accept: "text/event-stream" } });
    const wait = Number(response.headers.get("Retry-After"));
    if (!wait || tries === TRIES) break;
    const { detail } = await response.json();
    yield { event: "waiting", data: { said: `${detail} Trying again in ${wait} s.` } };
    await rest(wait, signal);
  }
  if (!response.ok) {
    yield { event: "problem", data: await response.json() };
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let searched = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += value;
    let end;
    while ((end = buffer.indexOf("\n\n", searched)) >= 0) {
      const parsed = parse(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
      searched = 0;
      if (parsed) yield parsed;
    }
    searched = Math.max(0, buffer.length - 1);
  }
}

// Seconds, or until nobody waits any more; a moment longer than asked, so that not all come back at once.
function rest(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000 * (1 + Math.random() / 4));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

export function parse(block) {
  const lines = block.split("\n");
  const all = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
  const [event] = all("event");
  if (!event) return null; // a comment that keeps the connection alive
  const text = all("data").join("\n");
  return { event, data: event === "explanation" ? text : JSON.parse(text) };
}
