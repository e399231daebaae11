"""Iterators that a step takes from: Python's own over a list or a range are set back before their end.

In: an iterator. Out: a function that sets it back, and says whether that failed. For example, after `next(batches)` of
`batches = iter([a, b])` the next one is a again.

A generator, a count, a file and a loader's iterator cannot be set back: what they gave is gone. That they were advanced
is seen, and said.
"""

import gc
import io
import itertools
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data.dataloader import _BaseDataLoaderIter

__all__ = ["advanced", "inside", "is_iterator"]


_INDEXED = tuple({type(iter(value)) for value in ([], (), range(1), range(2**70), "a", "é", b"", bytearray())})
_INDEXED = (*_INDEXED, type(reversed([])))
"""They hold a sequence and a place in it."""
_OVER_OTHERS = (zip, map, filter)
"""They hold iterators, and nothing that goes on beside these."""
_LONGEST = 10_000
"""Of a list inside an iterator: a longer one holds data."""
_OF_MODULES = {"builtins", "itertools"}


def is_iterator(value: Any) -> bool:
    """Whether it is one that is looked at here: not an object of a user's class, which is set back as other objects."""
    if isinstance(value, types.GeneratorType | _BaseDataLoaderIter | io.TextIOBase | io.BufferedReader):
        return True
    kind = type(value)
    return kind.__module__ in _OF_MODULES and hasattr(kind, "__next__")


def inside(value: Any) -> list[Any]:
    """What is to be kept of what it holds. An iterator of which a part is set back gives some things twice, or ends."""
    if isinstance(value, (*_INDEXED, *_OVER_OTHERS)):
        return gc.get_referents(value)
    return list(_given_by(value, {id(value): value})) if is_iterator(value) else []


def _given_by(value: Any, seen: dict[int, Any]) -> Iterator[Any]:
    """What it may give, without the iterators on the way, and without the lists that it keeps for itself."""
    own = not isinstance(value, types.GeneratorType | itertools.repeat)
    for part in gc.get_referents(value):
        if id(part) in seen:
            continue
        seen[id(part)] = part
        if is_iterator(part):
            yield from _given_by(part, seen)
        elif own and type(part) in (list, tuple) and len(part) <= _LONGEST:
            yield from (each for each in part if not is_iterator(each))
            for each in part:
                if is_iterator(each):
                    yield from _given_by(each, seen)
        else:
            yield part


def advanced(value: Any) -> Callable[[], bool]:
    """The iterator as it is now. What is given sets it back, and says whether it was advanced and could not be."""
    before = _position(value)
    made = value.__reduce__() if isinstance(value, _INDEXED) else ()

    def restore() -> bool:
        if _position(value) == before:
            return False
        if len(made) > 2:  # not one that has come to its end: that one has let go of its sequence
            value.__setstate__(made[2])  # pyright: ignore[reportAttributeAccessIssue]  # those of _INDEXED have it
        return _position(value) != before

    return restore


def _position(value: Any) -> Any:
    """What differs once the iterator was advanced: numbers, and which objects it holds."""
    if isinstance(value, _BaseDataLoaderIter):
        return value._num_yielded
    if isinstance(value, types.GeneratorType):
        frame = value.gi_frame
        held = () if frame is None else [p for p in gc.get_referents(value) if not isinstance(p, types.FrameType)]
        return frame is None, frame and frame.f_lasti, [_held(part) for part in held]
    if isinstance(value, io.TextIOBase | io.BufferedReader):
        return _place_in_file(value)
    if (left := operator.length_hint(value, -1)) >= 0 and not isinstance(value, _INDEXED):
        return left  # of a dictionary; its pairs are not to be listed
    if isinstance(value, zip | map | filter):
        return None  # only what they hold is advanced
    try:
        return _held(value.__reduce__())
    except (TypeError, Warning):  # newer versions of Python do not say it of all
        return None


def _held(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_held(part) for part in value]
    if type(value) is list and not value:  # made anew each time for an iterator at its end
        return ()
    if isinstance(value, int | str | float | range | None):
        return value
    if is_iterator(value) and not isinstance(value, types.GeneratorType | io.IOBase):
        return _position(value)
    return id(value)


def _place_in_file(file: Any) -> Any:
    """None for a file that has none, or that is written to: to ask for it would write out what waits."""
    try:
        return file.tell() if file.readable() and not file.writable() and file.seekable() else None
    except OSError:  # a text file in the middle of `for line in file`
        return "being read"
    except ValueError:
        return "closed"
