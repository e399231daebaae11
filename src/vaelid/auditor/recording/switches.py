"""What torch, numpy and Python keep for the whole process: switches, and the states of the random generators.

In: nothing. Out: `Snapshot(SWITCHES)`, the values as they are now, to be set back. For example, a step that calls
`torch.set_default_dtype(torch.float64)` leaves float32 behind.
"""

import random
from typing import Any

import numpy as np
import torch

from vaelid.auditor.recording.kinds_of_switch import Snapshot, Switch
from vaelid.auditor.recording.switches_of_python import OF_PYTHON
from vaelid.auditor.recording.switches_of_torch import OF_TORCH

__all__ = ["GENERATORS", "SWITCHES", "Snapshot", "Switch"]

SWITCHES: tuple[Switch, ...] = (*OF_TORCH, *OF_PYTHON)


_NUMPYS: Any = np.random


def _numpys() -> tuple[Any, Any]:
    return _NUMPYS.get_bit_generator(), np.random.get_state(legacy=False)


def _set_numpys(kept: tuple[Any, Any]) -> None:
    if _NUMPYS.get_bit_generator() is not kept[0]:
        _NUMPYS.set_bit_generator(kept[0])
    np.random.set_state(kept[1])


GENERATORS: tuple[Switch, ...] = (
    Switch("torch", torch.get_rng_state, torch.set_rng_state),
    Switch("python", random.getstate, random.setstate),
    Switch("numpy", _numpys, _set_numpys, lambda one, other: False),  # to compare is no faster than to set
    Switch(  # asking for the state would start CUDA
        "cuda",
        lambda: torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        lambda value: torch.cuda.set_rng_state_all(value) if value else None,
    ),
)
