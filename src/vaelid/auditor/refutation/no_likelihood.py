"""Refutations of a reconstruction: it is no negative log-likelihood of the family that it is written for.

In come the term that compares one datum with a decoder's output, and the family that was declared or that its functions
are those of; out goes a `Refutation`, or None where nothing tells against a likelihood. For example, -x log(p) alone is
no Bernoulli's: two points fix a weight and a constant, and at a third the term has another value.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.findings.report import Witness
from vaelid.auditor.formula.arithmetic import replaced, simple
from vaelid.auditor.formula.axes_of_terms import at_lengths, elements_of, has_sums, names_in
from vaelid.auditor.formula.in_balls import Assignment
from vaelid.auditor.model.question import Question
from vaelid.auditor.recognition.families import families
from vaelid.auditor.recognition.groups import Group, by_outputs
from vaelid.auditor.recognition.quantities import Body
from vaelid.auditor.refutation.no_density import no_density
from vaelid.auditor.refutation.no_divergence import no_multiple
from vaelid.auditor.refutation.sentences import not_of_the_family
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Element, Operator, Power, Term, Variable, subterms

__all__ = ["PRECISION", "Compared", "compared_in", "no_likelihood", "not_of_family"]


# Twice the digits of a float: second differences of logarithms cancel to a few digits.
PRECISION = 128

# Values of outputs, all between 0 and 1, where every family's parameter has a value, and all different.
_NUMBERS = (Fraction(1, 3), Fraction(1, 2), Fraction(1, 5), Fraction(3, 4), Fraction(2, 3))

_SCALED = ("gaussian", "laplace")
"""Families that may have a scale of their own, which then is at one number."""


@dataclass(frozen=True)
class Compared:
    """A term of one place, with one datum in it.

    Attributes:
        term: without the terms of its sum that have only data in them, or nothing.
        datum: the element of data.
        outputs: the other elements: what a decoder put out.
    """

    term: TermArray
    datum: Term
    outputs: tuple[Term, ...]


def compared_in(question: Question, group: Group) -> Compared | None:
    """What a group compares, where no mask leaves it out; None where it is not one datum with some outputs."""
    body = Body.of(at_lengths(group.body, question.values.lengths), question.data).term
    for mask in [e for e in elements_of(body) if names_in(TermArray((), e)) <= question.masks - question.made_of_data]:
        one, zero = (simple(TermArray((), replaced(body.term, {mask: as_term(k).term}))) for k in (1, 0))
        if not names_in(zero):  # it is a factor, and no constant that is compared with something
            body = one
    observed = [e for e in elements_of(body) if names_in(TermArray((), e)) <= question.data]
    outputs = tuple(e for e in elements_of(body) if e not in observed)
    return Compared(body, observed[0], outputs) if len(observed) == 1 and outputs else None


def no_likelihood(
    question: Question, group: Group, declared: str | None, shown: Callable[[Term], str]
) -> Refutation | None:
    """That a group is no likelihood; None where nothing tells against a likelihood that is not known here."""
    if has_sums(group.body) or len(by_outputs(question, group)) > 1:  # of several draws: a sum of likelihoods, not one
        return None
    with flint.ctx.workprec(PRECISION):
        compared = compared_in(question, group)
        return None if compared is None else _no_likelihood(compared, declared, shown)


def _no_likelihood(compared: Compared, declared: str | None, shown: Callable[[Term], str]) -> Refutation | None:
    scaled = declared in _SCALED and len(compared.outputs) > 1  # one of them may be its scale
    if declared is not None and not scaled:
        found = not_of_family(compared, declared, shown)
        return None if found is None else not_of_the_family(declared, found)
    if declared != "laplace" and _is_polynomial(compared.term.term, compared.datum):
        return no_density(compared.term, compared.datum, compared.outputs, shown)
    if _speaks_of_bernoulli(compared.term, compared.datum):
        found = not_of_family(compared, "bernoulli", shown)
        return None if found is None else not_of_the_family("bernoulli", found)
    return None


def not_of_family(
    compared: Compared, declared: str, shown: Callable[[Term], str], known: Sequence[TermArray] = ()
) -> Witness | None:
    """A point that shows that no weight and constant make it a likelihood of the family, whatever its parameter is.

    Beside the datum and each output themselves, what is `known` as datum and parameter may be these.
    """
    witness: Witness | None = None
    outputs = compared.outputs
    observed = dict.fromkeys([TermArray((), compared.datum), *known[:1]])
    for family, h in itertools.product(families("bernoulli" if declared == "binomial" else declared), outputs):
        parameters = (TermArray((), h), *_links(family.family, TermArray((), h)), *known[1:2])
        grid = _grid(compared.datum, [h] if declared in _SCALED else outputs, outputs, declared)
        for datum, parameter in itertools.product(observed, parameters):
            target = family.target(datum, parameter)
            found = no_multiple(compared.term, target.term - target.normaliser, grid, shown)
            if found is None:
                return None
            witness = witness or found
    return witness


def _links(declared: str, h: TermArray) -> list[TermArray]:
    """What an output may be besides the parameter itself."""
    if declared == "bernoulli":
        return [xp.log(h) - xp.log(1 - h)]
    return [xp.log(h)] if declared == "poisson" else []


def _grid(x: Term, moved: Sequence[Term], outputs: Sequence[Term], declared: str) -> list[Assignment]:
    """Points that move the datum and one output; of a binomial, whose trials are not said, at 0."""
    others = {h: _NUMBERS[k % 5] for k, h in enumerate(outputs)}
    data = [Fraction(0), Fraction(1)] + ([Fraction(1, 4), Fraction(-1)] if declared in _SCALED else [])
    found: list[Assignment] = []
    for value in data if declared != "binomial" else data[:1]:
        for h in moved:
            found += [{**others, h: number, x: value} for number in _NUMBERS]
    return found


def _is_polynomial(term: Term, x: Term) -> bool:
    """Whether the variable stands in sums, products and powers only."""
    if term is x:
        return True
    if not any(part is x for part in subterms(term)):
        return True
    if term.head in (Operator("add"), Operator("subtract"), Operator("multiply"), Operator("negative")):
        return all(_is_polynomial(part, x) for part in term.arguments)
    if term.head == Operator("divide"):
        return _is_polynomial(term.arguments[0], x) and not any(p is x for p in subterms(term.arguments[1]))
    return isinstance(term.head, Power) and _is_polynomial(term.arguments[0], x)


def _speaks_of_bernoulli(body: TermArray, datum: Term) -> bool:
    """Whether its functions are those of a Bernoulli: logarithms of p, 1 - p and 1 + e^h.

    With the datum less an output in an exponential it is another density's, as log cosh(x - h) and a logistic's are:
    nobody said that it is a Bernoulli's.
    """
    logs = [p for p in subterms(body.term) if p.head == Operator("log")]
    others = [p for p in subterms(body.term) if p.head in (Operator("abs"), Operator("lgamma"), Operator("tanh"))]
    inside = (p.arguments[0] for p in subterms(body.term) if p.head == Operator("exp"))
    if any(_is_difference(part, datum) for exponent in inside for part in subterms(exponent)):
        return False
    return bool(logs) and not others and all(_is_bernoullis(p.arguments[0]) for p in logs)


def _is_difference(term: Term, datum: Term) -> bool:
    """Whether the datum is on one side of a sum or difference, and something else than numbers on the other."""
    if term.head not in (Operator("add"), Operator("subtract")):
        return False
    has_datum = [any(part is datum for part in subterms(side)) for side in term.arguments]
    has_others = [bool(elements_of(TermArray((), side))) for side in term.arguments]
    return any(mine and others for mine, others in zip(has_datum, (has_others[1], has_others[0]), strict=True))


def _is_bernoullis(inside: Term) -> bool:
    """Whether a Bernoulli has the logarithm of this: p, 1 - p, 1 + e^h, e^a + e^b or 1 / (1 + e^-h)."""
    one = as_term(1).term
    exponential = Operator("exp")
    match inside.head, inside.arguments:
        case Operator("subtract"), (x, _):
            return x is one
        case Operator("add"), (x, y):
            return (x is one or x.head == exponential) and y.head == exponential
        case Operator("divide"), (x, _):
            return x is one
    return isinstance(inside.head, Element | Variable)
