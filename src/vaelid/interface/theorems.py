"""The theorems as a table, as one page of text for one of them, and as data."""

import difflib
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vaelid.interface.development import checked_theorems
from vaelid.readings.terms.latex import latex
from vaelid.readings.terms.syntax import INDEX, Symbol
from vaelid.readings.terms.text import text
from vaelid.readings.terms.trace import Definition
from vaelid.spec.errors import InputError
from vaelid.theory.check import obligations, steps
from vaelid.theory.kept import kept
from vaelid.theory.kernel import AXIOMS, Theorem
from vaelid.theory.library import LIBRARY, SECTIONS
from vaelid.theory.library.definitions import DEFINITIONS
from vaelid.theory.result import Result, Status

__all__ = ["Theorems", "as_data", "as_page", "as_table", "find_result", "theorems"]

TORCHLEAN = "NN.MLTheory.Generative.Latent"


def find_result(name: str) -> Result:
    """The result of this name. Raises `InputError` naming the closest one."""
    known = {**LIBRARY, **kept()}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else " `vaelid theorems` lists them."
    raise InputError(f"there is no theorem {name!r}.{hint}")


@dataclass(frozen=True)
class Theorems(Sequence[Result]):
    """The results of the library; printed, a table."""

    results: tuple[Result, ...]

    def __getitem__(self, place: Any) -> Any:
        """The result at a place, or of a name."""
        return find_result(place) if isinstance(place, str) else self.results[place]

    def __len__(self) -> int:
        return len(self.results)

    def __repr__(self) -> str:
        return "\n".join(as_table())


def theorems(name: str | None = None) -> Any:
    """All theorems, those of this session too that `prove` kept by name, or the one of this name.

    Each has `name`, `says`, `status` (``proved`` by z3 and cvc5, ``rocq``, ``open``), `statement`, `hypotheses`,
    `source` (TorchLean's name), `references`, `rocq`; and, where it is proved here, `theorem`: the kernel's own, made
    when first asked for. Printed, the whole is a table. Raises `InputError` for an unknown name.
    """
    return Theorems((*LIBRARY.values(), *kept().values())) if name is None else find_result(name)


def as_data(result: Result) -> dict[str, Any]:
    """What is known of a result, for JSON."""
    theorem = result.theorem if result.status == "proved" else None
    return {
        "name": result.name,
        "source": _torchlean(result),
        "status": _status(result),
        "checkers": _checkers(result),
        "axioms": sorted(theorem.axioms) if theorem else [],
        "statement": text(result.statement) if result.statement is not None else result.says,
        "hypotheses": [text(hypothesis) for hypothesis in result.hypotheses],
        "conclusion": text(result.conclusion) if result.conclusion is not None else None,
        "says": result.says,
        "meaning": result.meaning or None,
        "references": list(result.references),
        "rocq": f"Vaelid.Theorems.{result.rocq}" if result.rocq else None,
        "functions": [
            {"name": definition.name, "file": definition.place[0], "line": definition.place[1]}
            for definition in _definitions(result)
        ],
        "depends_on": [used.name for used in _used_by_proof(result)],
        "latex": latex(result.statement) if result.statement is not None else None,
    }


def _torchlean(result: Result) -> str | None:
    return f"{TORCHLEAN}.{result.source}" if result.source else None


def _by_rocq(result: Result) -> bool:
    """Whether Rocq proved it, in a check of the sources as they are."""
    of_library = LIBRARY.get(result.name) is result  # a user's own may have the name of a theorem in proofs/
    return of_library and (result.rocq or result.name) in checked_theorems()


def _status(result: Result) -> Status:
    """As the result says, and `proved` too where Rocq has proved it."""
    return "proved" if result.status == "rocq" and _by_rocq(result) else result.status


def _checkers(result: Result) -> list[str]:
    """Who proves it: named even where it was not checked here, which the status tells."""
    solvers = ["z3", "cvc5"] if result.status == "proved" else []
    return solvers + ["rocq"] * (result.status == "rocq" or _by_rocq(result))


def _sequent(result: Result) -> str:
    if result.statement is None:
        return result.says
    hypotheses = ", ".join(map(text, result.hypotheses))
    assert result.conclusion is not None
    return f"{hypotheses}  ⊢  {text(result.conclusion)}" if hypotheses else text(result.conclusion)


def _wrapped(content: str, width: int, first: str, rest: str) -> list[str]:
    """Lines of at most `width`, the first after the text `first`, the others after `rest`."""
    return textwrap.wrap(
        content, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _width() -> int:
    return min(max(shutil.get_terminal_size((100, 24)).columns, 60), 120)


def as_table() -> Iterator[str]:
    """All results, by subject: name, who checks it, from which axioms; hypotheses ⊢ conclusion; TorchLean's name."""
    width = _width()
    own = {"Proved in this session": tuple(kept().values())} if kept() else {}
    for section, results in {**SECTIONS, **own}.items():
        yield f"{section}"
        yield ""
        for result in results:
            yield f"  {result.name}  [{_status_line(result)}]"
            yield from _wrapped(_sequent(result), width, " " * 6, " " * 8)
            if result.source:
                yield f"      TorchLean: {result.source}"
        yield ""


def _status_line(result: Result) -> str:
    if result.status == "proved":
        checkers = "z3, cvc5 and Rocq" if _by_rocq(result) else "z3 and cvc5"
        return f"{checkers}; {', '.join(sorted(result.theorem.axioms)) or 'no axiom'}"
    return {"proved": "Rocq, checked", "rocq": "Rocq", "open": "open"}[_status(result)]


def as_page(result: Result, *, with_latex: bool = False) -> Iterator[str]:
    """One result: what it says, about which lines of code, its proof, what it depends on and what depends on it."""
    width = _width()
    yield f"{result.name}  [{_status_line(result)}]"
    yield from _wrapped(f"{result.says[:1].upper()}{result.says[1:]}.", width, "  ", "  ")
    yield ""
    if result.meaning:
        yield from _wrapped(result.meaning, width, "  ", "  ")
        yield ""
    if result.statement is not None:
        yield from _field("if", [text(hypothesis) for hypothesis in result.hypotheses], width)
        assert result.conclusion is not None
        yield from _field("then", [text(result.conclusion)], width)
        if with_latex:
            yield f"  {'LaTeX':<12}{latex(result.statement)}"  # to be copied: in one line
    where = [line for d in _definitions(result) for line in _definition_lines(d)]
    yield from _field("where", [*where, *_own_definition_lines(result)], width)
    yield from _field("TorchLean", [_torchlean(result) or ""], width)
    yield from _field("after", [*result.references], width)
    yield from _field("Rocq", [f"Vaelid.Theorems.{result.rocq}, in proofs/"] if result.rocq else [], width)
    if result.status != "proved":
        return
    yield from _field("axioms", [f"{a}: {text(AXIOMS[a].statement)}" for a in sorted(result.theorem.axioms)], width)
    yield from _field("proof", list(_outline(result)), width)
    yield from _field("used by", [", ".join(user.name for user in _users(result))], width)


def _field(label: str, lines: list[str], width: int) -> Iterator[str]:
    """A labelled block: each line begins under the one before it."""
    for line in filter(None, lines):
        yield from _wrapped(line, width, f"  {label:<12}", " " * 16)
        label = ""


@cache
def _definition_of() -> dict[Symbol, Definition]:
    return {symbol: definition for definition in DEFINITIONS for symbol in definition.symbols}


def _definitions(result: Result) -> list[Definition]:
    """The functions of the spec that the statement is about."""
    known = _definition_of()
    return list(dict.fromkeys(known[symbol] for symbol in result.functions if symbol in known))


def _definition_lines(definition: Definition) -> Iterator[str]:
    path, line = definition.place
    for symbol in definition.symbols:
        yield f"{_equation(symbol)}   [{path}:{line}]"


def _own_definition_lines(result: Result) -> Iterator[str]:
    """The functions in a statement that are a user's own."""
    return (_equation(symbol) for symbol in result.functions if symbol not in _definition_of())


def _equation(symbol: Symbol) -> str:
    shown = ", ".join(dict.fromkeys(p.name.partition(".")[0] for p in symbol.parameters if p.sort is not INDEX))
    return f"{symbol.name}({shown}) = {text(symbol.body)}"


def _premises_named(theorem: Theorem) -> list[Result]:
    """The named results that a proof uses, without looking into their own proofs."""
    named = {id(result.theorem): result for result in LIBRARY.values() if result.status == "proved"}
    found: dict[str, Result] = {}
    seen: set[int] = set()
    waiting = list(theorem.premises)
    while waiting:
        step = waiting.pop(0)
        if id(step) in seen:
            continue
        seen.add(id(step))
        if id(step) in named:
            found[named[id(step)].name] = named[id(step)]
        else:
            waiting += step.premises
    return list(found.values())


def _used_by_proof(result: Result) -> list[Result]:
    return _premises_named(result.theorem) if result.status == "proved" else []


def _users(result: Result) -> list[Result]:
    return [other for other in LIBRARY.values() if result in _used_by_proof(other)]


def _outline(result: Result) -> Iterator[str]:
    """The last step, the named results it rests on, and the size of the whole."""
    theorem = result.theorem
    yield {"smt": "by both solvers, from the definitions"}.get(theorem.rule, f"by {theorem.rule}")
    for used in _used_by_proof(result):
        yield f"and {used.name}: {_sequent(used)}"
    yield f"{len(steps(theorem))} kernel steps in all, {obligations(theorem)} of them asked of both solvers"
