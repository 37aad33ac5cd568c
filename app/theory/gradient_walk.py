"""Finite width, backward: how far the gradient of a batch strays from the mean field, over networks and inputs.

The gradient at a layer's activations is drawn, as its preactivations are, from a kernel: gain·Σ (φ'(u)·g)² / n, over
the n units of the layer after. Its logarithm walks as the signal's does (Hanin and Nica 2019 for ReLU; here to leading
order in 1/width for any φ), and with the signal's, for E[φ'²] depends on the size of u.
"""

from typing import NamedTuple

from .forward_walk import Kernel, of_mean
from .hermite import at, averaged_powers, of_one
from .layer import LayerShape
from .quadrature import Array


class GradientKernel(NamedTuple):
    """What the gradients at a layer's activations are drawn from; all but `log_variance` relative to the mean field.

    `own`, `shared`: variance of its logarithm, and covariance between two inputs. `scatter`: the variance of the cosine
    between two inputs' gradients. `noise`: what the last step added to `own`. `excess`: of a gradient's mean square
    along its own activations, over that along any other direction. `shift`: of the mean.
    """

    log_variance: float
    shift: float
    own: float
    shared: float
    scatter: float
    noise: float
    excess: float

    def spread(self, units: int, batch: int) -> float:
        """The variance of log Σ g² over this layer's units and a batch."""
        return of_mean(self.own + 2 / units, self.shared + 2 * self.scatter / units, batch)


class _Walk(NamedTuple):
    """Sums over the layers gone back through, of what is independent of X, and what the next layer back needs.

    `alone`: the variance of the logarithm, `common`: two inputs' covariance, `drift`: the mean. `crossed`: what T_ab
    ties to the other's size. `pull`: β, and `share`: of the weights in q, of the layer come from.
    """

    alone: float = 0.0
    common: float = 0.0
    drift: float = 0.0
    crossed: float = 0.0
    pull: float = 0.0
    share: float = 0.0


def backward(layers: list[LayerShape], kernels: list[Kernel]) -> list[GradientKernel]:
    """The kernels of a gradient of independent standard normals at the last activations, layer by layer.

    With X_l the relative error of the signal's kernel, one layer back multiplies by E[φ'²](q·e^X) and averages over
    units, whose φ'² and φ² have in common what they are of. So log Ψ_{l-1} = β_l·X_l + what is independent of X_l, with
    β_l = ω_l + slope_l·β_{l+1}, ω = d log E[φ'²] / d log q, and each layer adds the variance of the mean over its units
    of φ'²·g²/E[φ'²] + share·β_{l+1}·φ²/E[φ²].

    Two corrections come of going back through the very weights that the signal came by. Given u, the weights are fixed
    along h: the part of the gradient along h has the square of T = Σ h·g = Σ u·φ'(u)·g, which is (1 + excess) times
    what a random direction has. And for two inputs T_ab = Σ u_b·φ'(u_a)·g_a ties the gradient of one to the size of
    the other's signal, by 2·β/n a layer, of which E[φ']⁴·q/(E[φ²]·E[φ'²]) stays: of order 1/width², which counts where
    c = 0, since all that two inputs share there is of that order.
    """
    walk, back = _Walk(), [GradientKernel(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)]
    for layer, kernel in zip(reversed(layers[1:]), reversed(kernels[1:]), strict=True):
        weighed = averaged_powers(kernel.weighed, kernel.scatter)
        walk, added = _further(walk, layer, kernel, back[-1], weighed)
        back.append(_kernel(walk, layer, kernel, back[-1], weighed, added))
    return back[::-1]


def _further(
    walk: _Walk, layer: LayerShape, kernel: Kernel, after: GradientKernel, weighed: Array
) -> tuple[_Walk, float]:
    """The sums with one layer more, and what it added to the variance of one input.

    `weighed`: what a series is summed with for its mean over the pairs of a batch.
    """
    here, n, s = kernel.unit, layer.fan_out, kernel.scatter
    ahead = walk.share * walk.pull
    mixed = of_one(here.mixed)
    noise = (3 * of_one(here.slope_squares) - 1) / n
    added = noise + (2 * ahead * (mixed - 1) + ahead**2 * (of_one(here.squares) - 1)) / n
    slopes, both, squares = (float(weighed @ each) for each in (here.slope_squares, here.mixed, here.squares))
    pair = slopes * (1 + 2 * after.scatter) - 1 + 2 * ahead * (both - 1) + ahead**2 * (squares - 1)
    pull = here.slope_growth + here.growth * ahead
    stays = min(float(here.slopes[0]) ** 2 * here.chi, 1.0)
    crossed = stays * walk.crossed + 2 * kernel.share * pull * (1 - s) / n
    from_signal = here.slope_growth * (kernel.shift - kernel.own / 2) + here.slope_bend * kernel.own / 2
    from_excess = mixed * after.excess / n
    further = _Walk(
        alone=walk.alone + added,
        common=walk.common + pair / n + 2 * crossed / layer.fan_in,
        drift=walk.drift + from_signal + from_excess - noise / 2,
        crossed=crossed,
        pull=pull,
        share=kernel.share,
    )
    return further, added


def _kernel(
    walk: _Walk, layer: LayerShape, kernel: Kernel, after: GradientKernel, weighed: Array, noise: float
) -> GradientKernel:
    """At the activations that this layer multiplies."""
    here = kernel.unit
    own = walk.alone + walk.pull**2 * kernel.own
    pair = float(weighed @ here.slope_squares)
    scatter = at(here.slopes, kernel.weighed) ** 2 * after.scatter + pair * (1 - after.scatter) ** 2 / layer.fan_out
    excess = kernel.share * (2 * here.slope_growth + after.excess * here.growth**2 / here.chi)
    return GradientKernel(
        log_variance=after.log_variance + layer.log_gain_back + here.log_slope_square,
        shift=walk.drift + own / 2 + excess / layer.fan_in,
        own=own,
        shared=walk.common + walk.pull**2 * kernel.shared,
        scatter=min(scatter, 1.0),
        noise=noise,
        excess=excess,
    )
