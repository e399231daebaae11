"""From a thing to all that it was made of.

In come names and, for a name, those that it was made from; out comes each name once, the given ones first. With c made
of b and b of a, `upstream(["c"], {"a": [], "b": ["a"], "c": ["b"]}.__getitem__)` gives c, b, a.
"""

from collections.abc import Callable, Iterable, Iterator

__all__ = ["upstream"]


def upstream(names: Iterable[str], made_from: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """The names and all that they were made from, each once; what is not walked to is not asked for."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting += made_from(name)
