"""Keys: equal experiments, computed by equal engines, have equal ones."""

import hashlib

import numba
import numpy as np
import torch

from .. import __version__
from ..lab.device import device
from ..spec import Spec

# The same one, the same bytes.
ENGINE = f"initscope {__version__} torch {torch.__version__} numpy {np.__version__} numba {numba.__version__}"


def spec_key(spec: Spec) -> str:
    """Under which the Result of an experiment is kept."""
    said = f"{ENGINE} {device()} {spec.name}?{spec.query}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]
