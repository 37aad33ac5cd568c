"""The catalog: what there is to choose from, and what every field of every experiment takes."""

from typing import Any

from ..fields import shape
from ..lab.activations import ACTIVATIONS, nonlinearity
from ..lab.draws import DISTRIBUTIONS
from ..lab.initializers import INITIALIZERS
from ..spec import Spec
from ..theory.gains import gains
from ..theory.meanfield import moments
from .experiment import Experiments


def catalog_of(experiments: Experiments) -> dict[str, Any]:
    """Activations with their gains and moments, inits, distributions, and each experiment's statistics and fields."""
    return {
        "activations": [
            {
                "name": entry.name,
                "label": entry.label,
                "bounds": entry.bounds,
                "homogeneous": entry.homogeneous,
                "gains": {"torch": entry.gain, **gains(nonlinearity(entry.name))._asdict()},
                "moments": _unit_moments(entry.name),
            }
            for entry in ACTIVATIONS.values()
        ],
        "inits": [
            {"name": entry.name, "label": entry.label, "formula": entry.formula} for entry in INITIALIZERS.values()
        ],
        "distributions": [
            {"name": entry.name, "label": entry.label, **entry.moments._asdict()} for entry in DISTRIBUTIONS.values()
        ],
        "statistics": {
            name: {
                key: {"label": statistic.label, "unit": statistic.unit, "help": statistic.help}
                for key, statistic in experiment.statistics.items()
            }
            for name, experiment in experiments.items()
            if experiment.statistics
        },
        "fields": {name: _fields(experiment.spec) for name, experiment in experiments.items()},
    }


def _unit_moments(activation: str) -> dict[str, float]:
    """Of φ(z) and φ'(z), z standard normal."""
    at = moments(nonlinearity(activation), 1.0)
    return {"mean": at.mean, "mean_square": at.square, "slope_mean_square": at.slope_square}


def _fields(model: type[Spec]) -> dict[str, Any]:
    described = {}
    for name, field in model.model_fields.items():
        accepts = shape(field)
        described[name] = {
            "default": field.default,
            "min": accepts.minimum,
            "max": accepts.maximum,
            "choices": list(accepts.choices) if accepts.choices else None,
            "list": accepts.many,
            "label": field.title,
            "help": field.description,
        }
    return described
