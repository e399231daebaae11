"""What one value of the process is: how it is read, how it is set, and when two of its values are the same."""

import operator
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

__all__ = ["Snapshot", "Switch", "of_attribute", "of_list", "of_own_attribute", "of_table"]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal: tensors and arrays in all elements, sequences part by part."""
    if one is other:
        return True
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)


@dataclass(frozen=True)
class Switch:
    """One value of the process: its name, how it is read, how it is set, and whether two values are the same."""

    name: str
    get: Callable[[], Any]
    set: Callable[[Any], Any]
    same: Callable[[Any, Any], bool] = _same

    def telling(self, tell: Callable[[], Any]) -> "Switch":
        """The same switch; each time it was set, `tell` is called."""

        def put(value: Any) -> None:
            self.set(value)
            tell()

        return replace(self, set=put)


class Snapshot:
    """The values of some switches, as they are when this is made. One that cannot be read cannot be set back either."""

    def __init__(self, switches: tuple[Switch, ...]) -> None:
        self.values: list[tuple[Switch, Any]] = []
        self.unread: list[str] = []
        for switch in switches:
            try:
                self.values.append((switch, switch.get()))
            except Exception as error:  # of torch, about a state that the user's program is in: no reason not to audit
                self.unread.append(f"{switch.name}: {type(error).__name__}")

    def restore(self) -> list[str]:
        """Set what has another value now. What is given names those that refused, then or now."""
        refused = list(self.unread)
        for switch, value in self.values:
            try:
                if not switch.same(switch.get(), value):
                    switch.set(value)
            except Exception as error:  # one that refuses must not keep the others from being set back
                refused.append(f"{switch.name}: {type(error).__name__}")
        return refused


def of_attribute(owner: Any, name: str) -> Switch:
    """An attribute of a module or of a class: which object it is."""
    return Switch(name, lambda: getattr(owner, name), lambda value: setattr(owner, name, value), operator.is_)


def of_own_attribute(owner: Any, name: str) -> Switch:
    """An attribute that an object has in its own dictionary, or has not."""
    absent = object()

    def put(value: Any) -> None:
        if value is absent:
            vars(owner).pop(name, None)
        else:
            vars(owner)[name] = value

    return Switch(name, lambda: vars(owner).get(name, absent), put, operator.is_)


def of_list(owner: Any, name: str) -> tuple[Switch, Switch]:
    """A list that an attribute stands for: which list it is, and then what is in it."""

    def fill(items: tuple[Any, ...]) -> None:
        getattr(owner, name)[:] = items

    return of_attribute(owner, name), Switch(name, lambda: tuple(getattr(owner, name)), fill)


def of_table(name: str, table: MutableMapping[Any, Any]) -> Switch:
    """A dictionary that others hold: its contents are set back, in their order."""

    def fill(items: list[Any]) -> None:
        table.clear()
        table.update(items)

    return Switch(name, lambda: list(table.items()), fill, _same_pairs)


def _same_pairs(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(a[0] == b[0] and a[1] is b[1] for a, b in zip(one, other, strict=True))
