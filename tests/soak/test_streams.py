"""Gradients of deep residual streams without a norm, at the widths and depths that are shown."""

from math import exp, log10, sqrt

import numpy as np
import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.layer import LayerShape
from app.theory.propagation import propagate
from tests.theory.autograd import simulate, standard_error

NETWORKS = 32
STANDARD_ERRORS = 5.0


@pytest.mark.parametrize(
    ("name", "width", "branch"),
    [(name, 512, 1.0) for name in ACTIVATIONS]
    + [("relu", width, branch) for width in (64, 256, 1024) for branch in (1.0, 60**-0.5)]
    + [("gelu", 64, 60**-0.5), ("selu", 128, 60**-0.5), ("softplus", 64, 60**-0.5)],
)
def test_gradients_of_a_deep_stream_are_those_of_simulated_networks(name: str, width: int, branch: float) -> None:
    depth, gain = 30, sqrt(2)
    layers = [LayerShape(width, width, gain**2 / width, 0.0)] * depth
    fields = propagate(nonlinearity(name), layers, 1.0, 0.0, None, branch)
    predicted = np.array([exp(at.log_gradient) for at in fields if at.log_gradient is not None])
    measured = simulate(name, width, depth, gain, NETWORKS, branch=branch, batch=16).gradient
    mean, error = measured.mean(axis=0), standard_error(measured)
    off = (predicted - mean) / error
    print(
        f"\n{name} {width} × {branch:.2f}: layer 1 predicted 10^{log10(predicted[0]):.2f}, measured "
        f"10^{log10(mean[0]):.2f}, {off[0]:.1f} standard errors apart; at most {np.abs(off[:-1]).max():.1f}"
    )
    # Beside what is carried along, networks differ from infinite width by depth/width.
    tolerance = STANDARD_ERRORS * error + mean * np.arange(depth, 0, -1) / width
    assert (np.abs(predicted - mean) <= tolerance).all()
