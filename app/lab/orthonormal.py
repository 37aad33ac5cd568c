"""Orthonormal columns, panel by panel: as accurate as `torch.linalg.qr`, and it can be stopped on the way."""

import torch
from torch import Tensor

from .threads import within_block

PANEL = 64  # columns: enough for fast products, few enough to be done within a twentieth of a second


def orthonormal(columns: Tensor) -> Tensor:
    """The Q of the factorization QR whose R has a positive diagonal, of shape (rows, columns), rows >= columns.

    Block Gram-Schmidt, each panel twice (Barlow and Smoktunowicz 2013, "Reorthogonalized block classical
    Gram-Schmidt"): Q is orthonormal to rounding. Calls `within_block` before each pass over a panel.
    """
    q = torch.empty_like(columns)
    for start in range(0, columns.shape[1], PANEL):
        done, given = q[:, :start], columns[:, start : start + PANEL]
        panel = given
        for _ in range(2):
            within_block()
            panel = torch.linalg.qr(panel - done @ (done.T @ panel)).Q
        r_diagonal = (panel * given).sum(0)
        q[:, start : start + PANEL] = panel * torch.where(r_diagonal < 0, -1.0, 1.0)
    return q
