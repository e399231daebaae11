"""What Python's own classes hold, where the collector is not told of it or where it holds more than the user's objects.

For example the object in a `ContextVar`, those in an array of objects, and the modules that a function imports.
"""

import gc
import queue
import sys
import threading
import types
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextvars import Context, ContextVar
from typing import Any

import numpy as np

__all__ = ["OF_PYTHON", "held", "imported"]

OF_PYTHON = {
    *("builtins", "collections", "functools", "types", "weakref", "_weakrefset", "itertools", "_collections", "random"),
    *("argparse", "contextlib", "operator"),
}
"""Modules of Python's whose classes hold objects for the user, and nothing that must not be set back."""
_MOST = 10_000
"""Elements that are looked at: more of them are data."""


def held(value: Any) -> list[Any] | None:
    """The objects in it, for a class that is named here; None for any other."""
    if isinstance(value, ContextVar):
        return [value.get(None)]
    if isinstance(value, Context):
        return list(value.values())
    if isinstance(value, threading.local):
        return [value.__dict__]
    if isinstance(value, queue.Queue):
        return [value.queue]
    if isinstance(value, queue.SimpleQueue):
        return [each for part in gc.get_referents(value) for each in (part if type(part) is list else [part])]
    if isinstance(value, Future):
        return [vars(value)["_result"], vars(value)["_exception"]]
    if isinstance(value, threading.Thread):
        return [vars(value).get(name) for name in ("_target", "_args", "_kwargs")]
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype.hasobject and value.size <= _MOST else []
    return None


def imported(function: types.FunctionType, names: Iterable[str]) -> Iterator[types.ModuleType]:
    """The modules that a function imports when it is called, of those that are there already."""
    package = function.__globals__.get("__package__") or ""
    for name in names:
        for full in (name, f"{package}.{name}"):
            if isinstance(module := sys.modules.get(full), types.ModuleType):
                yield module
