// Server-sent events over fetch, so that a run can be aborted and a refusal read.

export async function* events(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "text/event-stream" } });
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

export function parse(block) {
  const lines = block.split("\n");
  const all = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
  const [event] = all("event");
  if (!event) return null; // a comment that keeps the connection alive
  const text = all("data").join("\n");
  return { event, data: event === "explanation" ? text : JSON.parse(text) };
}
