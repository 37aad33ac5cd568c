"""Layers so small that handing one to a kernel takes as long as measuring it: several are measured at once."""

import numpy as np
import torch
from torch import Tensor

from .kernels.layers import ALIVE, BEYOND, EXPONENT, NOT_ZERO, H, U, V, see_layers
from .layers import COMPARED, Added, Cosine, Measured, saturation
from .summary import Tallies

MOST, ENOUGH = 25, 2**17  # layers measured at once, and preactivations of theirs


class Together:
    """Layers of one shape, (batch, units), so small that they are kept as they come and measured together."""

    def __init__(self, shape: tuple[int, int], bounds: tuple[float, float] | None, bins: int) -> None:
        number = max(1, min(MOST, ENOUGH // (shape[0] * shape[1])))
        self._shape, self._bounds, self._bins = shape, bounds, bins
        self._u, self._h = torch.empty(number, *shape), torch.empty(number, *shape)
        self._rooms = list(zip(self._u.unbind(), self._h.unbind(), strict=True))
        self._exponents: list[tuple[int, int]] = []
        self._branches: list[Added | None] = []
        self._log2_products: list[float | None] = []

    def fits(self, shape: tuple[int, int]) -> bool:
        """Whether there is room for another layer, and one of this shape."""
        return len(self._exponents) < len(self._rooms) and self._shape == shape

    def room(self) -> tuple[Tensor, Tensor]:
        """For the next layer's preactivations u and activations h."""
        return self._rooms[len(self._exponents)]

    def add(self, u_exponent: int, h_exponent: int, branch: Added | None, log2_product: float | None) -> None:
        """That room is filled, with multiples of these powers of two."""
        self._exponents.append((u_exponent, h_exponent))
        self._branches.append(branch)
        self._log2_products.append(log2_product)

    def measured(self) -> Measured:
        """All layers that were added."""
        number, (batch, units), bins = len(self._exponents), self._shape, self._bins
        u, h = Tallies.room(number, batch * units, bins), Tallies.room(number, batch * units, bins, by_size=True)
        v = Tallies.room(number, units, bins)
        grids, moments = np.stack([u.grids, h.grids, v.grids]), np.stack([u.moments, h.moments, v.moments])
        cosines, numbers = np.empty((number, 3)), np.zeros((number, 4), np.int64)
        see_layers(
            self._u[:number].numpy(),
            self._h[:number].numpy(),
            np.array(self._exponents),
            np.array([saturation(self._bounds, exponent) for _, exponent in self._exponents]),
            COMPARED,
            grids,
            moments,
            u.counts,
            h.counts,
            v.counts,
            cosines,
            numbers,
        )
        not_zero, (mean, *distances) = numbers[:, NOT_ZERO], cosines.T.tolist()
        return Measured(
            u._replace(grids=grids[U], moments=moments[U]),
            h._replace(grids=grids[H], moments=moments[H]),
            v._replace(grids=grids[V], moments=moments[V]) if batch > 1 else None,
            numbers[:, EXPONENT].tolist(),
            list(map(Cosine.of, mean, not_zero.tolist(), np.minimum(not_zero, COMPARED).tolist(), *distances)),
            [None] * number if self._bounds is None else (numbers[:, BEYOND] / (batch * units)).tolist(),
            ((units - numbers[:, ALIVE]) / units).tolist(),
            self._exponents,
            self._branches,
            self._log2_products,
        )
