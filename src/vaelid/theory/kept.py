"""What a user has proved in this session and kept by name, beside the library."""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from vaelid.spec.errors import InputError
from vaelid.theory.kernel import NotProved, Theorem
from vaelid.theory.library import LIBRARY
from vaelid.theory.result import Result
from vaelid.theory.vocabulary import ELEMENTARY, SPEC_FUNCTIONS

__all__ = ["check_name", "keep", "kept", "theorems_of"]

_KEPT: dict[str, Result] = {}


def kept() -> Mapping[str, Result]:
    """What was kept in this session, by name, in the order in which it was proved."""
    return MappingProxyType(_KEPT)


def check_name(name: Any) -> None:
    """Raises `InputError` for a name that a theorem cannot be kept by."""
    # exact strings, here and below: another kind may hash and compare as it likes
    if not (type(name) is str and name.isascii() and name.isidentifier() and len(name) <= 100):
        raise InputError(f"name={name!r}: a theorem's name is of letters, digits and _, as in 'nll_nonneg'.")
    if name in LIBRARY:
        raise InputError(f"name={name!r}: the library has a theorem of this name; take another.")
    if name in SPEC_FUNCTIONS or name in ELEMENTARY:
        raise InputError(f"name={name!r}: that is the name of a function; take another.")


def keep(name: str, theorem: Theorem, says: str) -> None:
    """Keep the theorem under this name. A name stays what it is: raises `InputError` for another statement under it."""
    check_name(name)
    known = _KEPT.get(name)
    if known is not None and known.statement is not theorem.statement:
        raise InputError(f"name={name!r}: another theorem was kept under it in this session ({known.says}).")
    _KEPT.setdefault(name, Result(name, says, theorem.statement, lambda: theorem))


def theorems_of(using: Any) -> list[Theorem]:
    """The lemmas that a user names: theorems, results of the library, or names of these and of what was kept."""
    if type(using) is str or isinstance(using, Theorem | Result):
        using = [using]
    if not isinstance(using, Iterable):
        raise InputError(f"using={using!r}: give a list of theorems, or of their names.")
    return [_theorem(lemma) for lemma in using]


def _theorem(lemma: Any) -> Theorem:
    if type(lemma) is Theorem:
        return lemma
    if type(lemma) is str:
        known = {**_KEPT, **LIBRARY}
        if lemma not in known:
            close = difflib.get_close_matches(lemma, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else " vaelid.theorems() lists them."
            raise InputError(f"using: there is no theorem {lemma!r}.{hint}")
        lemma = known[lemma]
    if not isinstance(lemma, Result):
        raise InputError(
            f"using: {lemma!r} is no theorem; give what prove returned, a result of vaelid.theorems(), or a name."
        )
    if lemma.prove is None:
        raise InputError(f"using: {lemma.name} is proved by Rocq, and not by the kernel that would use it here.")
    try:
        theorem = lemma.theorem
    except NotProved as error:
        raise InputError(f"using: {lemma.name} is not proved ({error}).") from None
    if type(theorem) is not Theorem:
        raise InputError(f"using: {lemma.name} has no theorem of the kernel.")
    return theorem
