"""Facts as JSON, read strictly: what was written by others becomes a typed value, or one message with its place."""

import json
import math
import re
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec

from vaelid.spec.errors import InputError
from vaelid.train.threads import ThreadsReason

__all__ = [
    "MEND",
    "BestEpoch",
    "Count",
    "Epoch",
    "PositiveInt",
    "Strict",
    "Sums",
    "Threads",
    "Training",
    "decode",
    "epochs_of",
    "members_of",
    "refuse",
    "shown",
    "without_unset",
]

T = TypeVar("T")

TIMINGS = ("seconds", "rows_per_second")
MEND = "It was altered or damaged since it was written: restore it from a copy, or train again."

PositiveInt = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Threads = Annotated[int, msgspec.Meta(ge=1, le=1024)]
Seconds = Annotated[float, msgspec.Meta(ge=0, lt=1e9)]
"""Of an epoch: less than 32 years, so that no sum of them is infinite."""
Rate = Annotated[float, msgspec.Meta(ge=0)]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON object with these members and no others."""


class Means(Strict, frozen=True):
    """Means over the training rows of an epoch, in nats."""

    reconstruction_nll: float
    kl: float


class Measured(Strict, frozen=True):
    """Means over the validation rows at an epoch's end, in nats."""

    reconstruction_nll: float
    kl: float
    elbo: float
    elbo_standard_error: float


class Epoch(Strict, frozen=True):
    """The record of an epoch. The timings are in the log alone: they differ between two runs of the same bits."""

    epoch: Count
    step: Count
    beta: float
    learning_rate: float
    gradient_norm: float
    training: Means
    validation: Measured | msgspec.UnsetType = msgspec.UNSET
    seconds: Seconds | msgspec.UnsetType = msgspec.UNSET
    rows_per_second: Rate | msgspec.UnsetType = msgspec.UNSET


class Sums(Strict, frozen=True):
    """Totals over the rows seen in the present epoch."""

    rows: float
    reconstruction_nll: float
    kl: float
    gradient_norm: float


class BestEpoch(Strict, frozen=True):
    """The epoch whose weights were kept, and its validation objective in nats."""

    epoch: Count
    objective: float


class Training(Strict, frozen=True):
    """What a checkpoint says beside its tensors. `run` is the identity of the run that it belongs to."""

    run: dict[str, Any]
    step: Count
    sums: Sums | None
    history: list[Epoch]
    stopped: bool
    kept: BestEpoch | None
    threads: Annotated[list[tuple[Count, Threads, ThreadsReason]], msgspec.Meta(min_length=1)]


def shown(text: str) -> str:
    """Text by others as a message may show it: printable, on one line, and no longer than a path."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:300])
    return printable + "..." * (len(text) > 300)


def refuse(where: str, reason: str) -> NoReturn:
    """Raise the one message on a fact that cannot be so."""
    raise InputError(f"{where}: {shown(reason)}. {MEND}")


def without_unset(value: Any) -> Any:
    """The value of a `Strict` as JSON has it: members that were not given are left out."""
    return msgspec.to_builtins(value)


def epochs_of(history: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records without their timings, and with every real number as a float, as a file gives them back."""
    records = ({name: value for name, value in record.items() if name not in TIMINGS} for record in history)
    return [without_unset(msgspec.convert(record, Epoch)) for record in records]


def decode(data: bytes | str, kind: type[T], where: str) -> T:
    """The JSON value in `data`, checked to be a `kind`; `InputError` with `where` and the place inside.

    More is refused than `json.loads` would: two members of one name (readers differ in which they take), NaN and
    infinities, text that is not UTF-8 or holds half a surrogate pair, and nesting deeper than Python's stack.
    """
    value = _parse(data, where)
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError) as cause:
        reason, _, path = str(cause).partition(" - at `$")
        inside = path.rstrip("`").lstrip(".")
        place = f"{where}, {shown(inside)}" if inside else where
        refuse(place, _worded(reason))


def members_of(data: bytes | str, where: str) -> dict[str, Any]:
    """The members of the JSON object in `data`, of any types; refused as `decode` refuses."""
    value = _parse(data, where)
    if not isinstance(value, dict):
        refuse(where, "it is no JSON object")
    return value


def _worded(reason: str) -> str:
    """Msgspec's reason in the words of our messages."""
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", reason, re.DOTALL)
    missing = re.fullmatch(r"Object missing required field `(.*)`", reason)
    if unknown:
        return f"{unknown[1]!r} is not a member that a run writes"
    if missing:
        return f"{missing[1]!r} is missing"
    return (reason[:1].lower() + reason[1:]).replace("`", "").rstrip(".")


def _parse(data: bytes | str, where: str) -> Any:
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_distinct, parse_constant=_no_constant, parse_float=_finite, parse_int=int
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half of a surrogate pair cannot be printed
    except UnicodeError:
        refuse(where, "it is not valid UTF-8 text")
    except RecursionError:
        refuse(where, "its values are nested too deeply")
    except ValueError as cause:  # of json, of int for thousands of digits, and of the hooks below
        refuse(where, f"it is not JSON as a run writes it ({str(cause).rstrip('.')})")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is given twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value
