"""Initscope measures how the scale of random weights carries a signal through matmuls and deep stacks.

import initscope
stack = initscope.run("stack", depth=10, activation="relu")
stack.inits[0].layers[-1].preactivation.variance, stack.figures()["variance"], stack.to_csv()

with initscope.record(model) as r:
    loss_fn(model(x), y).backward()
r.diagnosis, r.save("run.json"), r.to_html("run.html")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fields import SpecError
    from .library import Run, run
    from .network.record import record
    from .surveys import survey

__version__ = "0.14.0"
__all__ = ["Run", "SpecError", "record", "run", "survey"]


def __getattr__(name: str) -> Any:
    """What needs torch is imported when it is asked for: `initscope --help` and refusals of a port do not wait."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "record":
        from .network.record import record

        return record
    if name == "survey":
        from .surveys import survey

        return survey
    from . import library

    return getattr(library, name)
