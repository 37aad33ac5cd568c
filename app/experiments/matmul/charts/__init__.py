"""The charts of one matmul, with their titles and captions."""

from ....figures.chart import Chart, Section
from .histograms import histograms, read_histograms
from .repeats import READ_REPEATS, repeats
from .scale import read_variance_vs_scale, variance_vs_scale

CHARTS: dict[str, Chart] = {
    "histograms": Chart("The outputs", read_histograms, histograms, "signal", ("own", "log", "count")),
    "variance_vs_scale": Chart("Variance against scale", read_variance_vs_scale, variance_vs_scale, "recommendation"),
    "repeats": Chart(
        "The same experiment, again and again",
        READ_REPEATS,
        repeats,
        "repeats",
        when=lambda spec: spec.repeats > 1,
    ),
}

# What stands in none of them is shown first.
SECTIONS = (
    Section("scale", "Which scale?", ("variance_vs_scale",), "recommendation"),
    Section("repeats", "Again and again", ("repeats",), "repeats"),
)
