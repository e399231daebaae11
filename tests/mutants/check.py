"""What becomes of a mutant: it is installed in a process of its own, and the library is read and proved anew.

Every module of the spec and of the theory is executed afresh there, so that all see the changed function and the
kernel knows no name yet. A theorem whose statement did not change is still the theorem that it was; the others are
asked for. What the solvers said of a text is kept, for it depends on the text alone.
"""

import importlib
import sys
import traceback
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType
from typing import Any, Literal

from vaelid.readings.terms.syntax import Term
from vaelid.readings.terms.text import text
from vaelid.theory.kernel import NotProved
from vaelid.theory.library import LIBRARY
from vaelid.theory.result import Result

from .comparison import differ, falsified, formulas, same
from .generation import Mutant, identity

__all__ = ["KILLED", "Verdict", "control", "proved_statements", "verdict"]

KILLED = ("false", "unproved", "no formula")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, by what, and why.

    fate: `false`: the theorem `by` is not proved, and is certainly false at a point.
        `unproved`: the theorem `by` is not proved; no point was found.
        `no formula`: the function cannot be read, or no statement can be formed about what it returns.
        `equivalent`: the kernel proves that the function is the one that it was; `why` holds those theorems.
        `alive`: none of these.
    """

    fate: Literal["false", "unproved", "no formula", "equivalent", "alive"]
    by: str
    why: str


def proved_statements(without: Collection[str] = ()) -> dict[str, Term]:
    """The statements of the library as it is, each proved here; processes forked from this one know the answers."""
    for name in list(sys.modules):
        if _is_fresh(name):
            _CODE[name] = (sys.modules[name].__file__, importlib.util.find_spec(name).loader.get_code(name))
    asked = {name: result for name, result in LIBRARY.items() if result.prove is not None and name not in without}
    return {name: result.theorem.statement for name, result in asked.items()}


def verdict(mutant: Mutant, statements: Mapping[str, Term]) -> Verdict:
    """What becomes of a mutant. It changes the modules of this process: call it in a fork."""
    before = formulas(mutant.function, _function(mutant))
    _install(mutant)
    try:
        after = formulas(mutant.function, _function(mutant))
    except Exception as error:  # whatever a changed function may raise: there is no formula
        return Verdict("no formula", "the reading", _said(error))
    if not differ(before, after):
        try:
            return Verdict("equivalent", "the kernel", "; ".join(text(t.statement) for t in same(before, after)))
        except NotProved:  # undecided: the library may tell them apart
            pass
    try:
        library = importlib.import_module("vaelid.theory.library").LIBRARY
    except Exception as error:
        return Verdict("no formula", "the library's statements", _said(error))
    return _judged(
        [library[name] for name, statement in statements.items() if library[name].statement is not statement]
    )


def control(statements: Mapping[str, Term]) -> Verdict:
    """`alive` when every theorem is proved of the unchanged spec, installed as a mutant is. Call it in a fork."""
    _install(identity("latent"))
    library = importlib.import_module("vaelid.theory.library").LIBRARY
    return _judged([library[name] for name in statements])


def _judged(results: list[Result]) -> Verdict:
    """The first theorem that is false, or else the first that is not proved."""
    unproved: Verdict | None = None
    for result in results:
        try:
            result.theorem  # noqa: B018  it is proved when it is asked for
        except Exception as error:  # `NotProved`, or the premises of the proof cannot be formed
            failed = _innermost(error, result)
            for candidate in (failed, result):
                if point := falsified(candidate.statement):
                    return Verdict("false", candidate.name, point)
            unproved = unproved or Verdict("unproved", failed.name, _said(error))
    return unproved or Verdict("alive", "", f"proved all the same: {len(results)} theorems whose statements it changes")


def _innermost(error: BaseException, asked: Result) -> Result:
    """The result whose own proof failed: a proof may ask for other theorems first."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_name == "theorem"]
    return frames[-1].f_locals["self"] if frames else asked


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _function(mutant: Mutant) -> Any:
    return getattr(importlib.import_module(f"vaelid.spec.{mutant.module}"), mutant.function)


_CODE: dict[str, tuple[str, CodeType]] = {}
"""The files and the code of the modules that are executed afresh."""


def _is_fresh(name: str) -> bool:
    return name.startswith(("vaelid.spec", "vaelid.theory")) and name != "vaelid.theory.solvers"


def _install(mutant: Mutant) -> None:
    """Forget the spec and the theory, but for the solvers' answers; what is imported next has the mutant in it."""
    sys.meta_path.insert(0, _Finder(mutant))
    for name in list(sys.modules):
        if _is_fresh(name):
            del sys.modules[name]
    importlib.import_module("vaelid.spec")


class _Finder(MetaPathFinder):
    """Finds the code that is kept, and the mutant's in place of its module's."""

    def __init__(self, mutant: Mutant) -> None:
        name = f"vaelid.spec.{mutant.module}"
        file = _CODE[name][0]
        self.code = {**_CODE, name: (file, compile(mutant.build(), file, "exec", dont_inherit=True))}

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname not in self.code:
            return None
        file, code = self.code[fullname]
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, code))


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, file: str, code: CodeType) -> None:
        super().__init__(fullname, file)
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        return self.code
