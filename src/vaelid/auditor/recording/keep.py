"""Objects as they are now, so that they can be set back: containers, attributes, tensors, generators.

In: an object. Out: a function that sets it back and gives the names of what had changed. For example, of a list `seen`
that a step appends to, `container(seen, "seen")()` empties it again and gives ["seen"].
"""

import random
import types
from _random import Random as _Random
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.random import SeedSequence
from torch import Tensor, nn

from vaelid.auditor.recording.reach import attributes_of, is_of_run, is_users_class
from vaelid.auditor.recording.storages import is_lazy

__all__ = ["Restore", "attributes", "class_attributes", "container", "generator_state", "tensor", "variable_value"]


Restore = Callable[[], list[str]]
"""Sets an object back; what it gives are the names of what had changed."""
_DICT, _LIST, _SET, _DEQUE = dict, list, set, deque


def container(value: Any, words: str) -> Restore | None:
    """A dictionary, list, set or deque: which objects are in it. None for what is none of them."""
    if isinstance(value, dict):
        base: Any = OrderedDict if isinstance(value, OrderedDict) else _DICT
        saved, refill = list(base.items(value)), lambda items: [base.__setitem__(value, k, v) for k, v in items]
        return _filled(words, lambda: list(base.items(value)), saved, lambda: base.clear(value), refill)
    for base, add in ((_LIST, _LIST.extend), (_SET, _SET.update), (_DEQUE, _DEQUE.extend)):
        if isinstance(value, base):
            now, clear, refill = partial(_listed, base, value), partial(base.clear, value), partial(add, value)
            return _filled(words, now, now(), clear, refill)
    return None


def _listed(base: Any, value: Any) -> list[Any]:
    return list(base.__iter__(value))


def _filled(
    words: str,
    now: Callable[[], list[Any]],
    saved: list[Any],
    clear: Callable[[], Any],
    refill: Callable[[list[Any]], Any],
) -> Restore:
    def restore() -> list[str]:
        if _alike(now(), saved):
            return []
        clear()
        refill(saved)
        return [words]

    return restore


def _alike(one: list[Any], other: list[Any]) -> bool:
    """Whether these are the same objects, pairs of objects, or equal numbers."""
    return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if type(one) is tuple:
        return _alike(list(one), list(other))
    return type(one) in (int, float, str, bool) and one == other


def attributes(value: Any, of_run: bool) -> tuple[Restore | None, Restore | None]:
    """What an object holds by name: what is torch's own, which every run starts from; and the rest."""
    if isinstance(value, type | types.ModuleType | types.FunctionType) or type(value) in (dict, list, tuple, set):
        return None, None
    saved, kind = dict(attributes_of(value)), type(value)
    if not saved and not hasattr(value, "__dict__") and not is_users_class(kind):
        return None, None

    def restore(of_torch: bool) -> list[str]:
        changed = []
        if (of_torch or mine is None) and type(value) is not kind:  # a lazy module became another
            changed.append(f"{kind.__name__}.__class__")
            object.__setattr__(value, "__class__", kind)
        now = attributes_of(value)
        for name in {**saved, **now}:
            if (of_run or is_of_run(value, name)) is of_torch and not (
                name in saved and name in now and _same(saved[name], now[name])
            ):
                changed.append(f"{kind.__name__}.{name}")
                _set(value, name, saved)
        if changed and list(attributes_of(value)) != list(saved):
            _in_order(value, saved)
        return changed

    mine = (lambda: restore(True)) if of_run or isinstance(value, nn.Module) or is_of_run(value, "") else None
    return mine, (lambda: restore(False))


def class_attributes(kind: type) -> Restore | None:
    """What a class of the user's holds by name: its methods, and what it counts. None for any other class."""
    if not is_users_class(kind):
        return None
    saved = dict(vars(kind))

    def restore() -> list[str]:
        changed, now = [], dict(vars(kind))
        for name in {**saved, **now}:
            if name in _OF_CLASSES or (name in saved and name in now and _same(saved[name], now[name])):
                continue
            changed.append(f"{kind.__name__}.{name}")
            if name in saved:
                type.__setattr__(kind, name, saved[name])
            else:
                type.__delattr__(kind, name)
        return changed

    return restore


_OF_CLASSES = {"__slotnames__", "__annotations__", "__dict__", "__weakref__", "__abstractmethods__"}
"""What Python itself adds to a class when it is asked for something."""


def _set(value: Any, name: str, saved: dict[str, Any]) -> None:
    own = getattr(value, "__dict__", {})
    if name in saved:
        if name in own or not hasattr(type(value), name):
            own[name] = saved[name]
        else:
            object.__setattr__(value, name, saved[name])
    elif name in own:
        del own[name]
    else:
        object.__delattr__(value, name)


def _in_order(value: Any, saved: dict[str, Any]) -> None:
    own = getattr(value, "__dict__", {})
    for name in [name for name in saved if name in own]:
        own[name] = own.pop(name)


def variable_value(place: tuple[dict[str, Any], str] | types.CellType, words: str) -> Restore | None:
    """What a name stands for: a variable of a closure, or a global one."""
    try:
        saved = place.cell_contents if isinstance(place, types.CellType) else place[0][place[1]]
    except ValueError:  # an empty cell
        return None

    def restore() -> list[str]:
        if isinstance(place, types.CellType):
            changed = _contents(place) is not saved
            place.cell_contents = saved
        else:
            changed = place[0].get(place[1]) is not saved
            place[0][place[1]] = saved
        return [words] if changed else []

    return restore


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def generator_state(value: Any) -> Restore | None:
    """The state of a random generator of torch's, numpy's or Python's. None for what is none."""
    state: Any
    if isinstance(value, torch.Generator):
        state, put = value.get_state(), value.set_state
    elif isinstance(value, np.random.Generator | np.random.RandomState | np.random.BitGenerator | SeedSequence):
        return _numpys(value)
    elif isinstance(value, _Random) and not isinstance(value, random.SystemRandom):
        state, put = value.getstate(), value.setstate
    elif isinstance(value, np.ndarray) and value.flags.writeable:
        state, put = value.copy(), lambda kept: value.__setitem__(..., kept)
    else:
        return None

    def restore() -> list[str]:
        put(state)
        return []

    return restore


def _numpys(value: Any) -> Restore:
    """A generator of numpy's: where it is in its numbers, and how many others were made from its seed."""
    bits = getattr(value, "bit_generator", getattr(value, "_bit_generator", value))
    seed = value if isinstance(value, SeedSequence) else getattr(bits, "seed_seq", None)
    made = seed.__reduce__()[2] if type(seed) is SeedSequence else None
    state: Any
    put: Callable[[Any], Any]
    if isinstance(value, np.random.RandomState):  # with the normal draw that it has made and not given
        state, put = value.get_state(legacy=False), value.set_state
    elif isinstance(bits, np.random.BitGenerator):
        state, put = bits.state, lambda kept: setattr(bits, "state", kept)
    else:
        state, put = None, lambda kept: None

    def restore() -> list[str]:
        put(state)
        if made is not None:
            vars(SeedSequence)["__setstate_cython__"](seed, made)
        return []

    return restore


def tensor(value: Tensor) -> Restore:
    """Which numbers a tensor is of, its class, gradient, hooks, and whether autograd goes back to it."""
    kind, needed, leaf = type(value), value.requires_grad, value.is_leaf
    sparse = value.layout != torch.strided
    alias = value.data if is_lazy(value) else value.detach()
    alias = alias.clone() if sparse else alias  # its numbers are in no storage of its own
    has_grad = leaf or value.retains_grad
    grad = value.grad if has_grad else None
    hooks = [dict(found or {}) for found in _hooks_of(value)]

    def restore() -> list[str]:
        if type(value) is not kind or not _lies_at(value, alias):
            if type(value) is not kind:
                value.__class__ = nn.Parameter if issubclass(kind, nn.Parameter) else Tensor
            value.data = alias.clone() if sparse else alias
            value.__class__ = kind
        if leaf and not value.is_leaf:
            value.detach_()
        if leaf and value.requires_grad is not needed:
            value.requires_grad_(needed)
        if has_grad and value.grad is not grad:
            value.grad = grad
        for now, before in zip(_hooks_of(value), hooks, strict=True):
            if now is not None and dict(now) != before:
                now.clear()
                now.update(before)
        return []

    return restore


def _hooks_of(value: Tensor) -> tuple[dict[Any, Any] | None, ...]:
    before: dict[Any, Any] | None = getattr(value, "_backward_hooks", None)
    after: dict[Any, Any] | None = getattr(value, "_post_accumulate_grad_hooks", None)
    return before, after


def _lies_at(one: Tensor, other: Tensor) -> bool:
    if is_lazy(one):
        return True
    if one.layout != torch.strided or other.layout != torch.strided:
        return False
    where = [(t.untyped_storage()._cdata, t.dtype, t.shape, t.stride(), t.storage_offset()) for t in (one, other)]
    return where[0] == where[1]
