"""What user code can come to: from a function, its closure, globals, arguments and objects, to all that they hold.

In: functions and their arguments. Out: each object once, the nearest first. For example, `lambda x: trainer.net(x)`
leads to the cell of `trainer`, the trainer, its network, and the parameters.
"""

import copyreg
import gc
import sys
import types
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vaelid.auditor.recording.held import OF_PYTHON, held, imported
from vaelid.auditor.recording.iterators import inside, is_iterator

__all__ = ["Reached", "attributes_of", "is_of_run", "is_users_class", "reach"]


_MOST = 20_000
"""Objects that are looked at: half a second. A tensor beyond them is still seen when an operation writes into it."""
_LONGEST = 10_000
"""Elements of a list that are looked at: a longer one holds data."""
_PLAIN = (int, float, complex, str, bytes, bytearray, types.NoneType, types.CodeType, range, type(Ellipsis))
_OF_FRAMES = (BaseException, types.TracebackType, types.FrameType)
"""From a frame one comes to the globals of every module that called, and to all of Python."""
_CONTAINERS = (dict, list, set, deque, tuple)
_CHECKERS = {"beartype", "jaxtyping", "typeguard"}
"""They wrap functions to check types, and keep tables of all that they wrapped, none of it the user's."""
_FOREIGN = {"torch", "numpy", "vaelid", "flint", "scipy", "pytest", "_pytest", "hypothesis", *_CHECKERS}
_SLOTS_OF: Any = vars(copyreg)["_slotnames"]
"""The slots of a class and its bases, as `copy` and `pickle` find them: not in the types that Python publishes."""
_OWN_TO_MODULES = frozenset(vars(nn.Module()))


@dataclass(frozen=True)
class Reached:
    """An object, the user's words for it, and whether it is part of what a run starts from: torch's, or an argument's.

    `place`: the dictionary and the key of a global variable, where it is one.
    """

    value: Any
    words: str
    of_run: bool
    place: tuple[dict[str, Any], str] | None = None


def reach(functions: Iterable[Any], arguments: Iterable[Any]) -> Iterator[Reached]:
    """Each object once, the nearest first."""
    waiting = deque(Reached(value, "the batch", True) for value in arguments)
    waiting.extend(Reached(value, getattr(value, "__name__", type(value).__name__), False) for value in functions)
    seen: dict[int, Any] = {}
    places: set[tuple[int, str]] = set()
    while waiting and len(seen) < _MOST:
        found = waiting.popleft()
        if not _answers(found.value):
            continue
        if found.place is not None and (at := (id(found.place[0]), found.place[1])) not in places:
            places.add(at)
            yield found
        elif id(found.value) not in seen and not isinstance(found.value, _PLAIN):
            yield found
        if id(found.value) in seen or isinstance(found.value, _PLAIN):
            continue
        seen[id(found.value)] = found.value  # kept alive: an address is not used twice
        with suppress(Exception):  # a property of the user's may raise: what lies behind it is not looked at
            waiting.extend(_parts(found))


def _answers(value: Any) -> bool:
    """Whether it can be asked for its class, as `isinstance` does: a `__getattribute__` of the user's may raise."""
    try:
        isinstance(value, types.NoneType)
    except Exception:
        return False
    return True


def is_users_class(kind: Any) -> bool:
    """Whether it is a class of neither Python's nor torch's, nor of another package whose classes no step changes."""
    return isinstance(kind, type) and (
        kind.__module__ == "__main__" or _root(kind) not in _FOREIGN | sys.stdlib_module_names
    )


def _parts(found: Reached) -> Iterator[Reached]:
    value, words, of_run = found.value, found.words, found.of_run
    if isinstance(value, types.FunctionType):
        yield from _of_function(value, of_run)
    elif isinstance(value, types.CellType):
        yield from (Reached(part, words, of_run) for part in gc.get_referents(value))
    elif isinstance(value, types.ModuleType):
        return
    elif is_iterator(value):
        yield from (Reached(part, words, of_run) for part in inside(value))
    elif isinstance(value, type):
        if is_users_class(value):
            yield from (Reached(v, f"{value.__name__}.{k}", False) for k, v in vars(value).items())
            yield from (Reached(base, base.__name__, False) for base in value.__bases__)
    elif isinstance(value, weakref.ref):
        yield Reached(value(), words, of_run)
    elif (inner := held(value)) is not None:
        yield from (Reached(part, words, False) for part in inner)
        if is_users_class(type(value)):
            yield from _of_object(found)
    else:
        yield from _of_object(found)


def _of_object(found: Reached) -> Iterator[Reached]:
    value, words, of_run = found.value, found.words, found.of_run
    kind = type(value)
    if isinstance(value, _OF_FRAMES):
        return
    if _root(kind) in _CHECKERS | (sys.stdlib_module_names - OF_PYTHON) and kind.__module__ != "__main__":
        return  # files, loggers, locks
    if isinstance(value, Tensor):
        yield from (Reached(part, words, True) for part in (vars(value), value.grad if value.is_leaf else None))
        return
    if isinstance(value, nn.Module):
        for name, tensor in (*nn.Module.named_parameters(value), *nn.Module.named_buffers(value)):
            yield Reached(tensor, name, True)
    for name, part in attributes_of(value).items():
        yield Reached(part, f"{kind.__name__}.{name}", of_run or is_of_run(value, name))
    if isinstance(value, _CONTAINERS) and len(value) > _LONGEST:
        return
    inside = of_run and isinstance(value, _CONTAINERS)
    if isinstance(value, dict):
        yield from (Reached(part, f"{words}[{key!r:.20}]", inside) for key, part in list(value.items()))
        yield from (Reached(key, words, inside) for key in list(value))
    else:
        yield from (Reached(part, words, of_run) for part in gc.get_referents(value))
    yield Reached(kind, kind.__name__, False)


def attributes_of(value: Any) -> dict[str, Any]:
    """What an object holds by name, in its dictionary and in its slots."""
    if isinstance(value, type | types.ModuleType | types.FunctionType):
        return {}
    found: dict[str, Any] = {}
    for name in _SLOTS_OF(type(value)):
        try:
            found[name] = object.__getattribute__(value, name)
        except AttributeError:  # a slot that is empty
            continue
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return found
    return {**found, **own} if isinstance(own, dict) else found


def is_of_run(owner: Any, name: str) -> bool:
    """Whether it is torch's own: a module's parameters, buffers, hooks and mode, and all of an optimizer or scheduler.

    A user's own attribute of a module is not: a counter, or noise that is drawn once and kept, goes on from run to run.
    """
    if isinstance(owner, Optimizer | LRScheduler | GradScaler) or _root(type(owner)) == "torch":
        return True
    return isinstance(owner, nn.Module) and name in _OWN_TO_MODULES


def _root(kind: type) -> str:
    return str(getattr(kind, "__module__", "")).partition(".")[0]


def _of_function(function: types.FunctionType, of_run: bool) -> Iterator[Reached]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield Reached(cell, name, of_run)
    for name, value in (function.__kwdefaults__ or {}).items():
        yield Reached(value, name, of_run)
    for value in (*(function.__defaults__ or ()), *vars(function).values()):
        yield Reached(value, function.__name__, of_run)
    if str(function.__globals__.get("__name__")).partition(".")[0] in _FOREIGN | sys.stdlib_module_names - {"__main__"}:
        return  # a decorator of torch's holds the user's function; its module's own names hold nothing of the user's
    names = set(_names_in(function.__code__))
    of_all = names & {"globals", "eval", "exec"}  # then any name may be meant
    for name in list(function.__globals__) if of_all else names & function.__globals__.keys():
        value = function.__globals__[name]
        yield Reached(value, name, False, (function.__globals__, name))
        if isinstance(value, types.ModuleType):
            yield from _of_module(value, names)
    for module in imported(function, names):
        yield from _of_module(module, names)


def _names_in(code: types.CodeType) -> Iterator[str]:
    """The names of globals and attributes that a code uses, and functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)
        elif isinstance(constant, str) and constant in sys.modules:  # `sys.modules["mine"]`, `import_module("mine")`
            yield constant


def _of_module(module: types.ModuleType, names: set[str]) -> Iterator[Reached]:
    """What is used of an imported module of the user's: `import mine; mine.net(x)`."""
    if module.__name__.partition(".")[0] in _FOREIGN | sys.stdlib_module_names:
        return
    for name in names & vars(module).keys():
        value = vars(module)[name]
        yield Reached(value, f"{module.__name__}.{name}", False, (vars(module), name))
        if isinstance(value, types.ModuleType) and value.__name__.startswith(f"{module.__name__}."):
            yield from _of_module(value, names)
