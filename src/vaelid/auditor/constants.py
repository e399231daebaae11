"""Sums of constants that a loss divides by, as that of a mask: numbers, known from the recording."""

from fractions import Fraction

from vaelid.auditor.numeric import array_of
from vaelid.auditor.posterior import ancestors, names_in
from vaelid.auditor.run import Run
from vaelid.auditor.simple import replaced
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Binder, Term, subterms
from vaelid.readings.terms.text import text

__all__ = ["with_constant_sums"]


def with_constant_sums(run: Run) -> tuple[TermArray, str]:
    """The loss with numbers for the sums of constants in it, and a sentence that says which, if there are any."""
    leaves = run.reading.leaves
    learned = {n for n, leaf in leaves.items() if leaf.kind in ("parameter", "noise")}
    masks = {n for n, leaf in leaves.items() if leaf.is_mask and not ancestors(run.reading, leaf.inputs) & learned}
    constants = masks | {n for n, leaf in leaves.items() if leaf.kind == "constant"}
    arrays = run.arrays()
    numbers: dict[Term, Term] = {}
    for part in subterms(run.term.term):
        if part.head == Binder("sum") and not part.loose:
            names = names_in(TermArray((), part))
            if names and names <= constants:
                value = float(array_of(part, arrays, run.lengths))
                numbers[part] = as_term(Fraction(value).limit_denominator(10**6)).term
    if not numbers:
        return run.term, ""
    said = ", ".join(f"{text(part)} is {text(number)}" for part, number in numbers.items())
    return TermArray((), replaced(run.term.term, numbers)), f"constants are as they were recorded: {said}"
