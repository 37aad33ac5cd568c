"""A recording as one file that holds all it needs: words, charts, layers. It opens without any connection."""

import json
from html import escape

from ..figures.palette import TEMPLATES
from ..folders import folder
from .charts import CHARTS, figures
from .diagnosis import diagnose
from .layers import table
from .recording import Recording

TALL = 900  # pixels of the frame in a notebook
_RUN = """
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const template = read("templates")[matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"];
const config = { responsive: true, displaylogo: false, showSendToCloud: false };
for (const [name, { data, layout }] of Object.entries(read("figures"))) {
  const named = data.map((trace) => (trace.name ? trace : { ...trace, showlegend: false }));
  Plotly.newPlot(name, named, { ...layout, template }, config);
}
"""


def document(recording: Recording) -> str:
    """The whole page, as HTML."""
    drawn = figures(recording)
    said = "".join(_said(item.word, item.sentence, item.advice, item.code) for item in diagnose(recording))
    charts = "".join(
        f'<section class="chart"><h2>{CHARTS[name].title}</h2><p class="caption">{CHARTS[name].read(recording)}</p>'
        f'<div class="plot" id="{name}" role="img" aria-label="{CHARTS[name].title}"></div></section>'
        for name in drawn
    )
    title = f"{escape(recording.model)}, recorded"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Initscope</title>
<style>{_file("style.css")}
{_file("network.css")}</style>
</head>
<body>
<main class="network">
<h1>{title}</h1>
<p class="lead">{escape(summary(recording))}</p>
<section class="diagnosis" aria-label="Diagnosis">{said}</section>
{charts}
<section><h2>Layers</h2>{table(recording)}</section>
</main>
<footer class="bottom"><p>Measured and written by Initscope {escape(recording.initscope)}. This page needs no
connection.</p></footer>
<script type="application/json" id="figures">{_json(drawn)}</script>
<script type="application/json" id="templates">{_json(TEMPLATES)}</script>
<script>{_file("plotly-cartesian.min.js")}</script>
<script>{_RUN}</script>
</body>
</html>
"""


def framed(recording: Recording) -> str:
    """The same within another page, a notebook's, which it does not touch."""
    return (
        f'<iframe title="{escape(recording.model)}, recorded" srcdoc="{escape(document(recording))}" '
        f'style="width: 100%; height: {TALL}px; border: 0"></iframe>'
    )


def summary(recording: Recording) -> str:
    """What was recorded, in a line."""
    layers, passes = len(recording.layers), recording.passes
    said = f"{layers} layers, {recording.parameters:,} parameters, torch {recording.torch}"
    if passes > 1:
        said += f"; the first of {passes} passes"
    if recording.left_out:
        said += f"; {recording.left_out:,} calls beyond the first {layers:,} are left out"
    if recording.optimizer:
        said += f"; one step of {recording.optimizer}"
    return f"{said}."


def _said(word: str, sentence: str, advice: str | None, code: str | None) -> str:
    parts = escape(" ".join(filter(None, (sentence, advice)))).split("`")
    text = "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
    said = f'<p data-word="{word}">{text}</p>'
    return said + (f'<pre tabindex="0"><code>{escape(code)}</code></pre>' if code else "")


def _file(name: str) -> str:
    return (folder("static") / name).read_text()


def _json(value: object) -> str:
    """JSON that no markup can be read in."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
