"""A file for Rocq (Coq 8.16, its standard library alone) that states theorems of the kernel and proves them anew.

Each statement is the kernel's, printed; its proof is not, and owes nothing to the solvers: both sides are brought to
one form (`canonical.py`) by laws of sums, exp, log and abs, of which every use is a step that Rocq checks.
"""

import textwrap
from collections.abc import Iterable, Sequence
from importlib.resources import files

from vaelid.readings.terms.formulas import conjunction, equal
from vaelid.readings.terms.rocq import rocq, rocq_definition, rocq_name, rocq_sort
from vaelid.readings.terms.substitution import abstracted, lambda_, make
from vaelid.readings.terms.syntax import (
    INDEX,
    REAL,
    Binder,
    Number,
    Operator,
    Symbol,
    Term,
    Variable,
    free_variables,
    subterms,
)
from vaelid.readings.terms.text import text
from vaelid.theory.export.atoms import INDEX_NAME, atoms_in, opened, unfolded
from vaelid.theory.export.canonical import Canonical, Step
from vaelid.theory.export.refusal import NotExported
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import split

__all__ = ["rocq_file", "rocq_file_of"]

_ANY = {"lgamma": "lgamma"}
"""Operations that Rocq's library lacks: a theorem with one holds for any function in its place."""


def rocq_file(theorems: Sequence[Theorem], *, title: str) -> str:
    """The text of a file that `coqc` accepts: definitions, `theorem_1`, `theorem_2`, ..., and what each rests on.

    Raises `NotExported` for a statement that is no equation, or needs more than the laws of sums, exp, log and abs.
    """
    return rocq_file_of([theorem.statement for theorem in theorems], title=title)


def rocq_file_of(statements: Sequence[Term], *, title: str) -> str:
    """The same of any statements, whether the kernel has proved them or not."""
    definitions = dict.fromkeys(symbol for statement in statements for symbol in _symbols(statement))
    parts = [_comment(title), files("vaelid.theory.export").joinpath("prelude.v").read_text()]
    parts += [rocq_definition(symbol) + "\n" for symbol in definitions]
    names = [f"theorem_{number}" for number in range(1, len(statements) + 1)]
    for name, statement in zip(names, statements, strict=True):
        parts.append(_comment(text(statement)) + _theorem(name, statement))
    together = _wrapped(f"Definition theorems := ({', '.join(names)}).")
    parts.append(f"{together}\nPrint Assumptions theorems.\n")  # of each alone takes longer than its proof
    return "\n".join(parts)


def _comment(words: str) -> str:
    """The words in a comment, which they cannot end, nor open another or a string."""
    plain = words.replace('"', "'").replace("(*", "( *").replace("*)", "* )")
    return _wrapped(f"(** {plain} *)", "    ") + "\n"


def _wrapped(words: str, indent: str = "  ") -> str:
    """In lines of at most 100 characters where names allow; the first is not indented."""
    return "\n".join(
        textwrap.wrap(words, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    )


def _symbols(term: Term) -> Iterable[Symbol]:
    """The defined functions of a term, each after those that it is made of."""
    for part in subterms(term):
        if isinstance(part.head, Symbol):
            yield from _symbols(part.head.body)
            yield part.head


def _theorem(name: str, statement: Term) -> str:
    """The statement and its proof."""
    variables = sorted(free_variables(statement), key=lambda variable: (variable.sort is not INDEX, variable.name))
    if any(v.name.startswith(INDEX_NAME) for v in variables):
        raise NotExported(f"a variable has a name that begins with {INDEX_NAME}")
    operations = {part.head.name for part in subterms(statement) if isinstance(part.head, Operator)}
    functions = [function for operation, function in _ANY.items() if operation in operations]
    binders = [f"({function} : R -> R)" for function in functions]
    binders += [f"({rocq_name(v.name)} : {rocq_sort(v.sort)})" for v in variables]
    quantified = f"forall {' '.join(binders)}, " if binders else ""
    stated = _wrapped(f"{quantified}{rocq(statement, functions=_ANY)}.")
    hypotheses, conclusion = split(statement)
    proof = _Proof(hypotheses).of(conclusion)
    symbols = ", ".join(dict.fromkeys(rocq_name(symbol.name) for symbol in _symbols(statement)))
    unfold = [f"unfold {symbols}."] if symbols else []
    lengths = [f"length {rocq_name(v.name)}." for v in variables if v.sort is INDEX]
    introduced = [f"intros {' '.join([*functions, *(rocq_name(v.name) for v in variables)])}."] if binders else []
    tactics = [*introduced, "intros; hypotheses.", *lengths, *unfold, *proof]
    return "\n".join([f"Theorem {name} :\n  {stated}", "Proof.", *map(_tactic, tactics), "Qed.", ""])


class _Proof:
    """Tactics, by the forms that terms take under these hypotheses."""

    def __init__(self, hypotheses: Iterable[Term]) -> None:
        self.forms = Canonical(_positive(hypotheses))

    def of(self, conclusion: Term) -> list[str]:
        """Tactics for a goal that is the conclusion: an equation, or several."""
        first, *others = conclusion.arguments
        if conclusion.head == Operator("and") and others:
            return ["split.", *_block(self.of(first)), *_block(self.of(conjunction(*others)))]
        if conclusion.head != Operator("equal") or first.sort is not REAL:
            raise NotExported("its conclusion is no equation of real numbers")
        left, right = map(unfolded, conclusion.arguments)
        return self.forms.settled(lambda: self._of_equation(left, right))

    def _of_equation(self, left: Term, right: Term) -> list[str]:
        if self.forms.value(left) != self.forms.value(right):
            raise NotExported("its two sides are not equal by the laws of sums, exp, log and abs alone")
        return [f"change ({_written(equal(left, right))}).", *self.arithmetic(left, right)]

    def arithmetic(self, *terms: Term) -> list[str]:
        """Tactics for an equation that is made of the terms, and true by arithmetic once each atom is its form."""
        lines = []
        for atom in sorted(atoms_in(*terms), key=lambda atom: -len(_written(atom))):  # before those that it contains
            if step := self.forms.step(atom):
                form = self.forms.term(self.forms.value(atom))
                lines.append(f"assert (E' : {_written(equal(atom, form))}).")
                lines += [*_block(self.equation(atom, step)), "rewrite E'; clear E'."]
        return [*lines, "by_field."]

    def equation(self, atom: Term, step: Step) -> list[str]:
        """Tactics for the equation of an atom and its form."""
        argument = atom.arguments[-1]
        match step.law:
            case "number":
                return ["rewrite INR_IZR_INZ; reflexivity."]
            case "argument":
                return ["apply f_equal.", *self.arithmetic(argument)]
            case "log":
                assert step.inner is not None
                return ["apply ln_is.", *self.arithmetic(make(Operator("exp"), step.inner), argument)]
            case "exp":
                exponent = _nested("+", [f"- ({_written(t)})" if s < 0 else f"({_written(t)})" for s, t in step.parts])
                between = [f"transitivity (exp ({exponent}))."]
                return [*between, *_block(["apply f_equal.", *self.arithmetic(argument)]), "by_exp."]
            case "abs":
                product = _nested("*", [f"/ ({_written(t)})" if s < 0 else f"({_written(t)})" for s, t in step.parts])
                between = [f"transitivity (Rabs ({product}))."]
                return [*between, *_block(["apply f_equal.", *self.arithmetic(argument)]), "by_abs."]
            case "sum":
                assert step.index is not None
                return self._of_sum(atom, step.index, step.parts)
        raise AssertionError(step.law)

    def _of_sum(self, atom: Term, index: Variable, parts: Sequence[tuple[Term, Term]]) -> list[str]:
        length, body = atom.arguments
        number = make(Operator("real"), length)
        totals = [
            number if isinstance(term.head, Number) else make(Binder("sum"), length, abstracted(term, index))
            for _, term in parts
        ]

        def combined(terms: Iterable[Term]) -> str:
            pairs = zip(parts, terms, strict=True)
            return _nested("+", [f"({_written(c)}) * ({_written(term)})" for (c, _), term in pairs])

        return [
            f"transitivity (fsum (fun {index.name} => {combined(t for _, t in parts)}) ({_written(length)})).",
            *_block([f"apply fsum_ext; intros {index.name}.", *self.arithmetic(opened(lambda_(1, body), index))]),
            f"transitivity ({combined(totals)}).",
            "{ by_linearity. }",
            *self.arithmetic(*(total for total in totals if total is number)),
        ]


def _tactic(line: str) -> str:
    indent = " " * (2 + len(line) - len(line.lstrip()))
    return indent + _wrapped(line.lstrip(), indent + "  ")


def _positive(hypotheses: Iterable[Term]) -> Iterable[Term]:
    """What the hypotheses say is positive: lengths as numbers."""
    for hypothesis in hypotheses:
        if hypothesis.head == Operator("less"):
            zero, term = hypothesis.arguments
            if isinstance(zero.head, Number) and zero.head.value == 0:
                yield make(Operator("real"), term) if term.sort is INDEX else term


def _written(term: Term) -> str:
    return rocq(term, functions=_ANY)


def _nested(operation: str, parts: Sequence[str]) -> str:
    """part op (part op (... op neutral))."""
    neutral = "0" if operation == "+" else "1"
    return f" {operation} (".join([*parts, neutral]) + ")" * len(parts)


def _block(lines: list[str]) -> list[str]:
    return (
        ["{ " + lines[0], *(f"  {line}" for line in lines[1:-1]), f"  {lines[-1]} }}"]
        if len(lines) > 1
        else ["{ " + lines[0] + " }"]
    )
