// Two runs on one page: the pinned one, whose query the view holds, is fetched once and drawn under the one on screen.

export async function pinned(query, events) {
  if (query === undefined) return null;
  const found = {};
  try {
    for await (const { event, data } of events(query)) if (["figures", "answer"].includes(event)) found[event] = data;
  } catch {
    return null; // the run itself will say what is wrong
  }
  return found.figures && found.answer ? found : null;
}
