"""What a name can stand for in a claim: a number, a vector, a function (an encoder's), or a record of those."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from vaelid.readings.terms.arrays import TermArray, TermMap, map_variable, variable

__all__ = ["in_words", "ranks", "renamed", "shapes"]


def shapes(value: Any) -> list[tuple[str, Any]]:
    """What tells a value's kind: its record's type, and the shape of each array and map in it."""
    if is_dataclass(value) and not isinstance(value, type):
        members = (shape for field in fields(value) for shape in shapes(getattr(value, field.name)))
        return [("record", type(value)), *members]
    if isinstance(value, tuple):
        return [shape for member in value for shape in shapes(member)]
    if isinstance(value, TermMap):
        return [("map", (value.length,))]
    assert isinstance(value, TermArray)
    return [("array", value.shape)]


def ranks(value: Any) -> list[tuple[str, Any]]:
    """What must agree between an argument and a parameter: all but the lengths."""
    return [(kind, shape if kind == "record" else len(shape)) for kind, shape in shapes(value)]


def in_words(value: Any) -> str:
    """In words."""
    if isinstance(value, TermArray):
        return "a number" if not value.ndim else f"a vector of length {' by '.join(map(str, value.shape))}"
    if isinstance(value, TermMap):
        return "a function"
    return f"a record ({type(value).__name__})" if is_dataclass(value) else "a tuple"


def renamed(like: Any, name: str) -> Any:
    """A variable, or a record of variables, like this one but of another name."""
    if isinstance(like, TermArray):
        return variable(name, *like.shape)
    if isinstance(like, TermMap):
        return map_variable(name, like.length)
    return replace(like, **{f.name: renamed(getattr(like, f.name), f"{name}.{f.name}") for f in fields(like)})
