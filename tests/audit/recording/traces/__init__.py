"""Steps that change something that outlives them, each with what must be as it was after an audit.

`KEPT_AT_FIRST` names those that the audit of version 0.2.0 left as they were, when these were written.
"""

from . import hidden as hidden  # each adds its cases
from . import holders as holders
from . import modules as modules
from . import process as process
from .base import CASES, Case
from .observed import contents, of_process
from .whole_process import seen

__all__ = ["CASES", "KEPT_AT_FIRST", "Case", "contents", "of_process", "seen"]

KEPT_AT_FIRST = frozenset(
    {"nothing", "torch_seed", "torch_draw", "torch_state_set", "gradients_off", "inference_mode_left_on"}
)
