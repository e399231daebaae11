"""Which function reads which operation of torch.

In: the name of an operation, and a function of a reader and an event. Out: that function, when a recording has the
operation. A rule gives the result as a `Lifted`, or a list of them if it is registered with `several`; it raises
`Mixed` where it does not apply, and the operation is cut then, as one that has no rule. For example, to read
`torch.hypot`:

    @reads("hypot")
    def hypotenuse(reader: Reader, event: Event) -> Lifted:
        x, y = (operand(reader, event, argument) for argument in event.arguments[:2])
        return pointwise(reader, event, lambda x, y: root(x**2 + y**2), x, y)

An operation outside ATen is named with its library: ``mine::hypot``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event

__all__ = ["RULES", "Rule", "reads", "registered"]


_Read = TypeVar("_Read", bound=Callable[[Reader, Event], Any])


@dataclass(frozen=True)
class Rule:
    """How an operation is read.

    Attributes:
        function: of the reader and the event; gives the result, or the results.
        several: whether it gives a list, one for each output. An operation of several outputs has no other rules.
    """

    function: Callable[[Reader, Event], Lifted | list[Lifted]]
    several: bool = False

    @property
    def name(self) -> str:
        """Where the function is from: its module and name."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def is_foreign(self) -> bool:
        """Whether the function is from outside of vaelid: then it is an assumption of the audit."""
        return self.function.__module__.partition(".")[0] != "vaelid"


_RULES: dict[str, Rule] = {}
RULES: Mapping[str, Rule] = MappingProxyType(_RULES)
"""Every rule, by the operation that it reads."""


def registered(name: str, rule: Rule) -> None:
    """Register a rule for an operation. Raises `ValueError` where it has one: two could give two formulas."""
    if name in _RULES:
        raise ValueError(f"the operation {name} is read by {_RULES[name].name} already")
    _RULES[name] = rule


def reads(*names: str, several: bool = False) -> Callable[[_Read], _Read]:
    """A decorator: this function of a reader and an event reads the operations of these names.

    For operations that the audit does not know. Of such a rule an audit checks that the formula has the values that the
    code gave, and it lists the rule among its assumptions. Raises `ValueError` for an operation that has a rule.
    """

    def register(function: _Read) -> _Read:
        for name in names:
            registered(name, Rule(function, several))
        return function

    return register
