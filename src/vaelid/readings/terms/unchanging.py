"""Objects that nobody can change, and a table of those that were made by whoever had the right to.

Terms and theorems are tuples, for a tuple is the only container of Python that offers no way to write to it: calling
its `__init__` again does nothing, the views of its fields have no setter, and `object.__setattr__` does not reach
them. (A slot can be written: every class hands out its descriptors, as in `Theorem.statement.__set__(t, other)`.)

Anybody can make a tuple of any class, as in `tuple.__new__(Theorem, ...)`. Such an object is worth nothing, because
it is in no `Made`: the kernel accepts only what its own functions have put into theirs.
"""

from collections import namedtuple
from collections.abc import Hashable
from sys import getrefcount
from threading import RLock
from typing import Any, Generic, TypeVar

__all__ = ["Made", "Unchanging", "field"]

T = TypeVar("T", bound=Hashable)

_PLACES = namedtuple("_PLACES", [f"place{place}" for place in range(4)])


def field(place: int) -> Any:
    """The view of one place of a tuple, as a class attribute. It cannot be written through."""
    return getattr(_PLACES, f"place{place}")


class Unchanging(tuple):
    """A tuple with named fields that is no sequence. Like any object it is equal to itself only."""

    __slots__ = ()
    __eq__, __ne__, __hash__ = object.__eq__, object.__ne__, object.__hash__
    # a term in an iteration, a sum or a comparison is a mistake, as for any object that is no sequence
    __iter__ = __getitem__ = __add__ = __mul__ = __rmul__ = None  # pyright: ignore[reportAssignmentType]
    __lt__ = __le__ = __gt__ = __ge__ = None  # pyright: ignore[reportAssignmentType]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__.lower()} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__.lower()} cannot be changed")


class Made(Generic[T]):
    """The objects that were made, one for each key, kept as long as something else refers to them.

    A key is made of exact ints and strings (an object inside stands there by its number, which it keeps as long as what
    was made refers to it), so that to look one up runs no code of anybody's.

    No weak references: tuples have none, and the function that a weak reference calls in the end leads to its table
    (`weakref.getweakrefs(x)[0].__callback__.__defaults__`). Instead, whenever the table has doubled, those that
    nothing else refers to are dropped, by their reference counts.
    """

    __slots__ = ("_by_key", "_keys", "_limit", "_lock")

    def __init__(self) -> None:
        self._by_key: dict[object, Any] = {}
        # by the object's number, the object and its key: to hash the object would run what its class says
        self._keys: dict[int, tuple[Any, object]] = {}
        self._limit = 1 << 14  # to sweep so many takes some milliseconds
        self._lock = RLock()  # reentrant: the handler of a signal may make terms while this thread does
        idle = object()  # never handed out: it has the reference count of what nothing else refers to
        self._keys[id(idle)], self._by_key[None] = (idle, None), idle

    def __contains__(self, made: object) -> bool:
        """Whether this very object was made."""
        entry = self._keys.get(id(made))
        return entry is not None and entry[0] is made

    def get(self, key: object) -> T | None:
        """The object that was made for this key."""
        return self._by_key.get(key)

    def add(self, key: object, made: T) -> T:
        """The object for this key from now on: this one, unless another was made for it already."""
        with self._lock:
            known = self.get(key)
            if known is not None:
                return known
            if len(self._keys) >= self._limit:
                self._sweep()
                self._limit = max(self._limit, 2 * len(self._keys))
            self._keys[id(made)] = (
                made,
                key,
            )  # first: an object without a key may be lost to an interrupt, and does no harm
            self._by_key[key] = made
            return made

    def _sweep(self) -> None:
        """Drop what nothing else refers to. The newest come first, because they refer to older ones."""
        waiting = [entry[0] for entry in list(self._keys.values())]
        idle = waiting.pop(0)
        unused = getrefcount(idle)  # two tables, one variable, and what this version of Python adds
        while waiting:
            made = waiting.pop()
            if getrefcount(made) == unused:
                key = self._keys[id(made)][1]
                del self._by_key[key]  # now no other thread can find it; one may have just done so
                if getrefcount(made) == unused - 1:
                    del self._keys[id(made)]
                else:
                    self._by_key[key] = made
