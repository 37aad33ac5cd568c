"""Where weights are multiplied: on the CPU's cores, or on a GPU.

They are drawn and measured on the CPU either way, so that a seed means the same weights everywhere; another device
rounds their products otherwise.
"""

import torch

CPU = torch.device("cpu")


class _Chosen:
    device: torch.device = CPU


def use_device(name: str) -> None:
    """Multiply weights there from now on. Raises ValueError if there is no such device."""
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"no device {name!r} here: {str(error).splitlines()[0]}") from None
    _Chosen.device = torch.device(name)


def device() -> torch.device:
    """The device weights live on."""
    return _Chosen.device
