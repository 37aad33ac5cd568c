"""The experiments, in the order of the menu. One line adds one."""

from .attention import ATTENTION
from .experiment import Experiments, by_name
from .matmul import MATMUL
from .stack import STACK
from .training import TRAINING
from .transformer import TRANSFORMER

EXPERIMENTS: Experiments = by_name(
    MATMUL,
    STACK,
    ATTENTION,
    TRANSFORMER,
    TRAINING,
)
