"""A loss with less in it: sums of constants as numbers, no stabilisers in logarithms, library sizes as known.

A formula or a question comes in; the simpler one goes out, with a sentence on what it leaves out, or as it was.
Example: ``log(x_hat + 1e-8)`` becomes ``log(x_hat)``, "off by at most c / v in each".
"""

from fractions import Fraction

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import element_of, length_axes_in, length_name, names_in, total
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.lifting.truth_values import with_truth_values
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.masks import made_of, masks_of
from vaelid.auditor.model.posterior import ancestors
from vaelid.auditor.model.question import Question, Rewrite, rewritten
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, Binder, Number, Operator, Term, Variable, free_variables, subterms
from vaelid.readings.terms.text import text

__all__ = [
    "constants_summed",
    "with_constant_sums",
    "with_size_factors",
    "with_zeros_and_ones",
    "without_stabilisers",
]


# Sums of constants that a loss divides by, such as that of a mask: their values are known from the recording.


_MOST_DIGITS = 10**6
"""Sums of masks are whole numbers; those of weights such as 0.1 are fractions with a small denominator."""


def with_constant_sums(run: Formula) -> tuple[TermArray, str]:
    """The loss with numbers in place of sums of constants, and a sentence that names them; "" if there are none."""
    numbers = _sums_of_constants(run, run.term)
    if not numbers:
        return run.term, ""
    said = ", ".join(f"{text(part)} is {text(number)}" for part, number in numbers.items())
    return TermArray((), replaced(run.term.term, numbers)), f"constants are as they were recorded: {said}"


def constants_summed(run: Formula) -> frozenset[str]:
    """The arrays whose sums stand in the loss as the numbers that they were."""
    left = set(_sums_of_constants(run, run.term))
    recorded = _sums_of_constants(run, run.reading.result.element) if run.notes else {}
    return frozenset().union(*(names_in(TermArray((), part)) for part in recorded if part not in left))


def _sums_of_constants(run: Formula, term: TermArray) -> dict[Term, Term]:
    """The sums of constants in a term, with their values in the recording."""
    leaves = run.reading.leaves
    learned = {n for n, leaf in leaves.items() if leaf.kind in ("parameter", "noise")}
    masks = {n for n, leaf in leaves.items() if leaf.is_mask and not ancestors(run.reading, leaf.inputs) & learned}
    data = made_of(leaves, (n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant")))
    masks |= masks_of(run.reading.result.element, data, leaves)
    constants = masks | {n for n, leaf in leaves.items() if leaf.kind == "constant"}
    arrays = run.arrays()
    numbers: dict[Term, Term] = {}
    for part in subterms(term.term):
        if part.head == Binder("sum") and not part.loose:
            names = names_in(TermArray((), part))
            if names and names <= constants:
                value = float(values_of(part, arrays, run.lengths))
                numbers[part] = as_term(Fraction(value).limit_denominator(_MOST_DIGITS)).term
    return numbers


def with_zeros_and_ones(run: Formula) -> tuple[TermArray, str]:
    """The loss where masks that came as numbers are 0 or 1 at each place, and a sentence that names them."""
    leaves = run.reading.leaves
    data = made_of(leaves, (n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant")))
    found = masks_of(run.term, data, leaves)
    masks = {n for n in found if bool(((leaves[n].tensor == 0) | (leaves[n].tensor == 1)).all())}
    term = with_truth_values(run.term, frozenset(masks))
    if term.term is run.term.term:
        return run.term, ""
    return term, f"{' and '.join(sorted(masks))}: 0 or 1 at each place, as recorded"


# Small numbers added inside a logarithm to keep it finite, as in log(p + 1e-8).


_SMALL = Fraction(1, 10**5)
"""The largest c that is taken for a stabiliser. Code has 1e-5 to 1e-10; a variance's lower bound is 1e-4 and more."""


def without_stabilisers(term: TermArray) -> tuple[TermArray, str]:
    """The term with log(v) for log(v + c), 0 < c <= 10^-5, and a sentence on what that leaves out; "" if nothing.

    |log(v + c) - log(v)| <= c / v for v > 0.
    """
    dropped: set[Fraction] = set()
    known: dict[Term, Term] = {}

    def rebuilt(part: Term) -> Term:
        if part not in known:
            arguments = tuple(map(rebuilt, part.arguments))
            if part.head == Operator("log"):
                arguments = (_without(arguments[0], dropped),)
            known[part] = make(part.head, *arguments) if part.arguments else part
        return known[part]

    found = rebuilt(term.term)
    if not dropped:
        return term, ""
    numbers = ", ".join(f"{float(number):g}" for number in sorted(dropped))
    said = (
        f"log(v + c) is read as log(v), c = {numbers}: off by at most c / v in each, so the theorem is of the loss "
        "without c"
    )
    return TermArray((), found), said


def _without(inside: Term, dropped: set[Fraction]) -> Term:
    """v for v + c and for v (1 - c), nested too: p for (p + c) (1 - 2 c) + c, and 1 - p for 1 minus that."""
    left, right = inside.arguments if len(inside.arguments) == 2 else (inside, inside)
    match inside.head:
        case Operator("add"):
            for number, rest in ((left, right), (right, left)):
                if isinstance(number.head, Number) and 0 < number.head.value <= _SMALL:
                    dropped.add(number.head.value)
                    return _without(rest, dropped)
            return make(inside.head, _without(left, dropped), _without(right, dropped))
        case Operator("multiply"):
            for number, rest in ((left, right), (right, left)):
                if isinstance(number.head, Number) and 0 < abs(number.head.value - 1) <= _SMALL:
                    dropped.add(abs(number.head.value - 1))
                    return _without(rest, dropped)
        case Operator("subtract") if isinstance(left.head, Number):
            return make(inside.head, left, _without(right, dropped))
    return inside


# Sums of a row's data that a decoder is given, such as the library size of a cell: covariates, and no longer data.


def with_size_factors(question: Question) -> Question:
    """With e^s for each row's sum of data, if that is positive and occurs inside a logarithm or exponential."""
    inside = {
        v.name
        for part in subterms(question.term.term)
        if part.head in (Operator("log"), Operator("exp"))
        for v in free_variables(part)
        if isinstance(v, Variable) and v.sort is not INDEX
    }
    for name in sorted(inside & question.data - question.masks):
        axes = _axes_of(question, name)
        if axes is None:
            continue
        term = total(element_of(name, list(axes)), axes[1])
        if all(bool((values > 0).all()) for values in question.values.whole(term, axes[:1])):
            changed = rewritten(question, Rewrite(term, "exp"), f"size_of_{name}")
            question = changed if changed.term.term is not question.term.term else question
    return question


def _axes_of(question: Question, name: str) -> tuple[int, int] | None:
    """The axes of rows and columns of a matrix of data, found by their lengths; None if it is no matrix."""
    shape = tuple(question.values.sets[0][name].shape)
    occurring = length_axes_in(question.term.term)
    found = [[a for a in occurring if question.values.lengths[length_name(a)] == length] for length in shape]
    if len(found) != 2:
        return None
    # of as many rows as columns each axis fits both: a sum over the rows is no size, and does not occur
    return next(((a, b) for a in found[0] for b in found[1] if a != b), None)
