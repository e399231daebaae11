"""What is audited, as the head of its report says it: its name, its line, and when the audit began.

A name, a line and a time come in, when an audit begins; at its end the seconds that it took go out. A report is made
with all of these at once, so that nothing is left to be filled in after it. Example: of ``loss(x, y)`` in line 12 of
``step.py`` the name is "loss" and the source "step.py:12".
"""

import time
from dataclasses import dataclass, field

__all__ = ["Audited"]


@dataclass(frozen=True)
class Audited:
    """A function while it is audited.

    Attributes:
        name: as the user names it.
        source: ``file:line``; None where it is not known.
        started: when the audit began, by `time.perf_counter`.
    """

    name: str
    source: str | None = None
    started: float = field(default_factory=time.perf_counter)

    def seconds(self) -> float:
        """How long the audit has taken until now."""
        return time.perf_counter() - self.started
