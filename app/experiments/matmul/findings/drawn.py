"""What x and w are made of."""

from ....lab.draws import DISTRIBUTIONS
from ....lab.initializers import INITIALIZERS
from ....theory.moments import Moments
from ..result import MatmulInit
from ..spec import MatmulSpec


def input_moments(spec: MatmulSpec) -> Moments:
    """Of an entry of x."""
    return DISTRIBUTIONS[spec.input].moments.shifted(spec.input_mean)


def weight_moments(spec: MatmulSpec, init: str) -> Moments:
    """Of a weight before this init scales it."""
    family = INITIALIZERS[init].family or spec.weights
    return DISTRIBUTIONS[family].moments.shifted(spec.weight_mean)


def label_of(entry: MatmulInit) -> str:
    return INITIALIZERS[entry.init].label
