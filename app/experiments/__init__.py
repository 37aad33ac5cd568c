"""The experiments, in the order of the menu. One line adds one; the sweep is over all that stand before it."""

from .attention import ATTENTION
from .experiment import Experiments, by_name
from .matmul import MATMUL
from .stack import STACK
from .sweep import sweep_of
from .training import TRAINING
from .transformer import TRANSFORMER

MEASURED: Experiments = by_name(
    MATMUL,
    STACK,
    ATTENTION,
    TRANSFORMER,
    TRAINING,
)
EXPERIMENTS: Experiments = by_name(*MEASURED.values(), sweep_of(MEASURED))
