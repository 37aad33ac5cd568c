"""The cross-entropy that a classifier begins with: of logits that know nothing of the labels."""

import numpy as np

Z = np.linspace(-9.0, 9.0, 361)
DENSITY = np.exp(-(Z**2) / 2) / np.exp(-(Z**2) / 2).sum()
STEP = 0.05
LARGE = 30.0  # std beyond which the largest logit is all there is, so that the loss is in proportion


def initial_loss(classes: int, std: float) -> float:
    """E[log Σ exp(z_i)], z_i independent and normal with this standard deviation: ln C where it is zero.

    By log x = ∫ (exp(-t) - exp(-x·t)) dt/t over t from 0 to ∞ (Frullani), here with t = exp(-u), so that of C
    independent terms the expectation of exp(-x·t) is the C-th power of one's.
    """
    if std > LARGE:
        return initial_loss(classes, LARGE) * std / LARGE
    reach = std * float(Z[-1])
    u = np.arange(-reach - 6.0, reach + np.log(classes) + 18.0, STEP)
    one = np.exp(-np.exp(std * Z[None, :] - u[:, None])) @ DENSITY
    return float(np.sum(np.exp(-np.exp(-u)) - one**classes) * STEP)
