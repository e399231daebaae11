"""Steps that change something that outlives them, each with what must be as it was after an audit.

`KEPT_AT_FIRST` names those that the audit of version 0.2.0 left as they were, when these were written.
"""

from . import hidden, holders, modules, process, whole_process
from .base import CASES, Case
from .observed import contents, of_process

__all__ = ["CASES", "KEPT_AT_FIRST", "Case", "contents", "hidden", "holders", "modules", "of_process", "process", "whole_process"]

KEPT_AT_FIRST = frozenset(
    {"nothing", "torch_seed", "torch_draw", "torch_state_set", "gradients_off", "inference_mode_left_on"}
)
