// Draws a figure of lines, fills and marks as SVG, fast enough to follow the hand. Ranges and ticks come in the figure:
// nothing is computed here but where on the screen a number lies.

const FAR = 1e4; // pixels: nothing is drawn further out
const LINE = 17; // pixels
const DASHES = { solid: "", dot: "2 4", dash: "9 6", dashdot: "9 4 2 4" };

// What leads somewhere has to answer the pointer, and a sketch does not.
export function canSketch({ data, layout }) {
  if (layout.meta?.links) return false;
  const axes = Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name));
  return axes.every(([, axis]) => axis.range) && data.every(({ type }) => (type ?? "scatter") === "scatter");
}

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const key = (axis) => `${axis[0]}axis${axis.slice(1)}`;
const fixed = (value) => Math.round(Math.min(Math.max(value, -FAR), FAR) * 10) / 10;

export function sketch(plot, figure, id = idOf(plot)) {
  const panels = inPanels(plot, figure, id);
  for (let step = panels.next(); ; step = panels.next()) {
    if (step.done) return (plot.innerHTML = step.value);
  }
}

// The same, so that a click need not wait for all panels; it is not shown if another figure is to be seen by then.
export async function sketchInTurns(plot, figure, outdated) {
  const panels = inPanels(plot, figure, idOf(plot));
  for (let step = panels.next(); ; step = panels.next()) {
    if (outdated()) return;
    if (step.done) return (plot.innerHTML = step.value);
    await globalThis.scheduler?.yield?.();
  }
}

const idOf = (plot) => plot.closest("[data-chart]")?.id;

function* inPanels(plot, { data, layout }, id) {
  const { l, r, t, b } = layout.margin;
  const width = Math.max(plot.clientWidth, l + r + 40);
  const inner = { width: width - l - r, height: layout.height - t - b };
  const ink = layout.template.layout;
  const axis = (name) => layout[key(name)] ?? {};
  const span = (name) => axis(name).domain ?? [0, 1];
  const scale = (name) => {
    const [from, to] = axis(name).range;
    const [low, high] = span(name);
    return name[0] === "x"
      ? (value) => l + (low + ((value - from) / (to - from)) * (high - low)) * inner.width
      : (value) => t + (1 - low - ((value - from) / (to - from)) * (high - low)) * inner.height;
  };
  const box = (x, y) => ({
    left: l + span(x)[0] * inner.width,
    top: t + (1 - span(y)[1]) * inner.height,
    width: (span(x)[1] - span(x)[0]) * inner.width,
    height: (span(y)[1] - span(y)[0]) * inner.height,
  });
  const panels = Object.keys(layout)
    .filter((name) => /^yaxis\d*$/.test(name))
    .map((name) => `y${name.slice(5)}`)
    .map((y) => ({ y, x: axis(y).anchor ?? "x", box: box(axis(y).anchor ?? "x", y) }));

  const parts = [];
  for (const [index, { x, y, box }] of panels.entries()) {
    const traces = data.filter((trace) => (trace.yaxis ?? "y") === y && trace.visible !== false);
    traces.sort((one, other) => (one.zorder ?? 0) - (other.zorder ?? 0));
    const shapes = (layout.shapes ?? []).filter(({ yref }) => mine(yref, y, index)).map((shape) => mark(shape, scale(x), scale(y), box));
    parts.push(`<clipPath id="${id}-${index}"><rect x="${box.left}" y="${box.top}" width="${box.width}" height="${box.height}"/></clipPath>
      ${grid(axis(x), axis(y), scale(x), scale(y), box, ink)}
      <g clip-path="url(#${id}-${index})">${shapes.join("")}${traces.map((trace) => drawn(trace, scale(x), scale(y))).join("")}</g>`);
    yield;
  }
  const last = panels.at(-1);
  const titled = panels.filter(({ x }) => axis(x).title?.text);
  const titles = titled.map(({ x, box }) => text(axis(x).title.text, box.left + box.width / 2, box.top + box.height + 38, "middle", ink.xaxis.title.font.color, 13));
  const notes = (layout.annotations ?? []).map((note) => annotation(note, panels, scale, ink));
  return `<svg class="sketch" width="${width}" height="${layout.height}" viewBox="0 0 ${width} ${layout.height}" aria-hidden="true" font-family="inherit">
    ${parts.join("")}${last ? titles.join("") : ""}${notes.join("")}</svg>`;
}

const mine = (ref, y, index) => ref === y || ref === `${y} domain` || (ref === "paper" && index === 0) || (ref === undefined && index === 0);

function grid(xaxis, yaxis, sx, sy, box, ink) {
  const right = box.left + box.width;
  const bottom = box.top + box.height;
  const line = (x1, y1, x2, y2, color) => `<path d="M${fixed(x1)} ${fixed(y1)}L${fixed(x2)} ${fixed(y2)}" stroke="${color}" fill="none"/>`;
  const inside = (value, [from, to]) => value >= Math.min(from, to) && value <= Math.max(from, to);
  const out = [];
  (yaxis.tickvals ?? []).forEach((value, index) => {
    if (!inside(value, yaxis.range)) return;
    if (yaxis.showgrid !== false) out.push(line(box.left, sy(value), right, sy(value), ink.yaxis.gridcolor));
    if (yaxis.showticklabels === false) return;
    out.push(text(yaxis.ticktext?.[index] ?? value, box.left - 6, sy(value) + 4, "end", ink.yaxis.tickfont.color, 12));
  });
  if (yaxis.zeroline !== false && inside(0, yaxis.range)) out.push(line(box.left, sy(0), right, sy(0), ink.yaxis.zerolinecolor));
  out.push(line(box.left, bottom, right, bottom, ink.xaxis.linecolor));
  (xaxis.tickvals ?? []).forEach((value, index) => {
    if (!inside(value, xaxis.range)) return;
    if (xaxis.showgrid !== false) out.push(line(sx(value), box.top, sx(value), bottom, ink.xaxis.gridcolor));
    if (xaxis.showticklabels === false) return;
    out.push(text(xaxis.ticktext?.[index] ?? value, sx(value), bottom + 17, "middle", ink.xaxis.tickfont.color, 12));
  });
  return out.join("");
}

function drawn(trace, sx, sy) {
  const { x, y, line = {}, marker = {}, fill, mode = "lines", opacity = 1 } = trace;
  const out = [];
  const runs = [[]];
  x.forEach((value, index) => {
    if (value === null || y[index] === null || y[index] === undefined) runs.push([]);
    else runs.at(-1).push([fixed(sx(value)), fixed(sy(y[index]))]);
  });
  if (mode.includes("lines")) {
    const stroke = line.width === 0 ? "none" : (line.color ?? "none");
    const dash = DASHES[line.dash] ?? (line.dash ?? "").replaceAll("px", "").replaceAll(",", " ");
    const whole = runs.filter((run) => run.length);
    const paths = whole.map((run) => path(run, line.shape));
    if (fill) {
      const zero = fixed(sy(0));
      const closed = paths.map((path, at) => `${path}${fill === "tozeroy" ? `L${whole[at].at(-1)[0]} ${zero}L${whole[at][0][0]} ${zero}` : ""}Z`);
      out.push(`<path d="${closed.join("")}" fill="${trace.fillcolor}" stroke="none"/>`);
    }
    out.push(`<path d="${paths.join("")}" fill="none" stroke="${stroke}" stroke-width="${line.width ?? 2}" stroke-dasharray="${dash}" stroke-linejoin="round"/>`);
  }
  if (mode.includes("markers")) {
    const shape = symbol(marker.symbol, (marker.size ?? 6) / 2);
    for (const [left, top] of runs.flat()) out.push(`<path d="${shape}" transform="translate(${left} ${top})" fill="${marker.color}"/>`);
  }
  return `<g class="trace" opacity="${opacity}">${out.join("")}</g>`;
}

function path(points, shape) {
  const [[left, top], ...rest] = points;
  const step = { hv: ([x, y]) => `H${x}V${y}`, vh: ([x, y]) => `V${y}H${x}` }[shape] ?? (([x, y]) => `L${x} ${y}`);
  return `M${left} ${top}${rest.map(step).join("")}`;
}

function symbol(name, r) {
  const polygon = (corners, turn = 0, waist = 1) =>
    `M${Array.from({ length: corners }, (_, index) => {
      const angle = (2 * Math.PI * index) / corners - Math.PI / 2 + turn;
      const reach = 1.15 * r * (index % 2 ? waist : 1);
      return `${fixed(reach * Math.cos(angle))} ${fixed(reach * Math.sin(angle))}`;
    }).join("L")}Z`;
  const thin = r / 3;
  const cross = `M${-r} ${-thin}H${-thin}V${-r}H${thin}V${-thin}H${r}V${thin}H${thin}V${r}H${-thin}V${thin}H${-r}Z`;
  const shapes = {
    square: () => `M${-r} ${-r}H${r}V${r}H${-r}Z`,
    diamond: () => polygon(4),
    "triangle-up": () => polygon(3),
    "triangle-down": () => polygon(3, Math.PI),
    cross: () => cross,
    x: () => polygon(8, Math.PI / 4, 0.4),
    star: () => polygon(10, 0, 0.45),
    hexagon: () => polygon(6),
    pentagon: () => polygon(5),
    bowtie: () => `M${-r} ${-r}L${r} ${r}V${-r}L${-r} ${r}Z`,
  };
  return (shapes[name] ?? (() => `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`))();
}

function mark(shape, sx, sy, box) {
  const across = (value) => (/domain|paper/.test(shape.xref ?? "") ? box.left + value * box.width : sx(value));
  const down = (value) => (/domain|paper/.test(shape.yref ?? "") ? box.top + (1 - value) * box.height : sy(value));
  const [x0, x1, y0, y1] = [across(shape.x0), across(shape.x1), down(shape.y0), down(shape.y1)].map(fixed);
  const line = shape.line ?? {};
  const stroke = line.width === 0 ? "none" : line.color;
  const dash = DASHES[line.dash] ?? "";
  if (shape.type === "line") return `<path d="M${x0} ${y0}L${x1} ${y1}" stroke="${stroke}" stroke-width="${line.width}" stroke-dasharray="${dash}"/>`;
  return `<path d="M${x0} ${y0}H${x1}V${y1}H${x0}Z" fill="${shape.fillcolor}" stroke="${stroke}"/>`;
}

function annotation(note, panels, scale, ink) {
  const y = (note.yref ?? "y").replace(" domain", "");
  const panel = panels.find((one) => one.y === y) ?? panels[0];
  const across = /domain|paper/.test(note.xref ?? "") ? panel.box.left + note.x * panel.box.width : scale(panel.x)(note.x);
  const down = /domain|paper/.test(note.yref ?? "") ? panel.box.top + (1 - note.y) * panel.box.height : scale(panel.y)(note.y);
  const anchor = { right: "end", center: "middle" }[note.xanchor] ?? "start";
  const lift = (note.yanchor === "top" ? 13 : -4) - (note.yshift ?? 0);
  const lines = note.text.split("<br>");
  const above = note.yanchor === "top" ? 0 : lines.length - 1;
  const said = lines.map((line, index) =>
    text(line, across + (note.xshift ?? 0), down + lift + LINE * (index - above), anchor, note.font?.color ?? ink.font.color, note.font?.size ?? 13),
  );
  return `<g class="annotation-text">${said.join("")}</g>`;
}

// Titles may be bold in part.
function text(content, x, y, anchor, color, size) {
  const spans = escaped(content).replace(/&lt;b&gt;(.*?)&lt;\/b&gt;/g, '<tspan font-weight="600">$1</tspan>').replace(/&lt;.*?&gt;/g, " ");
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" fill="${color}" font-size="${size}">${spans}</text>`;
}
