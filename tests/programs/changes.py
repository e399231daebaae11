"""What makes a right program wrong, or another objective: one change, and which verdicts it may get.

A change acts `early`, on what the KL or the sampler will be written with, or `late`, on the lines. `allowed` are the
verdicts that are right: a REFUTED, or an OTHER that names what it is. UNKNOWN is never wrong, and never wanted.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .draft import Draft, Names

REFUTED = ("REFUTED",)
NAMED = ("REFUTED", "OTHER")


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        name: its class.
        why: why it is wrong.
        fits: whether it makes a wrong program of these choices.
        early: before sampler and KL are written.
        late: when all lines are written.
        allowed: the right verdicts.
        objective: a pattern for the name of the other objective, where OTHER is the truth.
        argued: whether the oracle's numbers say nothing of it, so that the reason is an argument.
    """

    name: str
    why: str
    fits: Callable[[Names], bool]
    early: Callable[[Draft], None] | None
    late: Callable[[Draft], None] | None
    allowed: tuple[str, ...]
    objective: str | None
    argued: bool


CHANGES: dict[str, Change] = {}


def _anywhere(names: Names) -> bool:
    return True


def early(fits: Callable[[Names], bool] = _anywhere, allowed=REFUTED, objective=None, argued=False):
    """A decorator of a change before sampler and KL are written; its docstring says why it is wrong."""

    def add(act):
        CHANGES[act.__name__] = Change(act.__name__, act.__doc__, fits, act, None, allowed, objective, argued)
        return act

    return add


def late(fits: Callable[[Names], bool] = _anywhere, allowed=REFUTED, objective=None, argued=False):
    """A decorator of a change of the lines; its docstring says why it is wrong."""

    def add(act):
        CHANGES[act.__name__] = Change(act.__name__, act.__doc__, fits, None, act, allowed, objective, argued)
        return act

    return add
