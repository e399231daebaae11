"""False claims, lemma by lemma: true ones with one thing changed, which numbers show to be false, are not proved.

A prover that proved one of these would be wrong: each test first computes both sides at numbers, in plain Python.
"""

import math
from fractions import Fraction

import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, hypotheses_of, length_of, total
from vaelid.auditor.proofs.definitions import with_definitions
from vaelid.auditor.proofs.laws import about_logits, proved_about_abs
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.auditor.proofs.pointwise import prove_pointwise
from vaelid.auditor.proofs.sum_laws import equal_sums, part_of_sum
from vaelid.auditor.proofs.summation import Weighed, summed
from vaelid.auditor.proofs.sums import Part, Sum
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Number, Operator, Power, Term
from vaelid.spec.arrays import softplus
from vaelid.theory.kernel import NotProved
from vaelid.theory.library.definitions import bernoulli_density, coordinate_kl, scalar
from vaelid.theory.statement import eq, given

from ..numbers_of_terms import random_numbers, value

M, H, X = map(scalar, "mhx")
N = real(length_of(0))
NUMBERS = {"m": 1.1, "h": 0.4, "x": 0.3, "N0": 5}
KL = coordinate_kl(M, H)


def is_false(left, right, numbers=NUMBERS):
    """Whether two sides differ at numbers: then no theorem says that they are equal."""
    return not math.isclose(value(left, numbers), value(right, numbers), rel_tol=1e-6, abs_tol=1e-9)


# one coordinate: every number, sign and operation of a true identity changed


def mutants(term: Term):
    """The terms that differ from this one in one number, or in one operation."""
    if isinstance(term.head, Number) and term.sort is REAL:
        yield from (as_term(term.head.value + by).term for by in (1, Fraction(-1, 2)))
    if isinstance(term.head, Power):
        yield make(Power(term.head.exponent + 1), *term.arguments)
    if term.head in (Operator("add"), Operator("subtract")):
        yield make(Operator("subtract" if term.head == Operator("add") else "add"), *term.arguments)
    if term.head == Operator("exp"):
        yield make(term.head, (-TermArray((), term.arguments[0])).term)
        yield term.arguments[0]
    for k, part in enumerate(term.arguments):
        if part.sort is REAL:
            yield from (
                make(term.head, *term.arguments[:k], other, *term.arguments[k + 1 :]) for other in mutants(part)
            )


TRUE = {
    "the KL": ((M**2 + xp.exp(H) - 1 - H) / 2, KL),
    "twice the KL": (M**2 + xp.exp(H) - H, 2 * KL + 1),
    "a root": (xp.exp(H / 2) ** 2 + 3 * M, xp.exp(H) + 3 * M),
}
FALSE = [
    pytest.param(TermArray((), other), right, id=f"{name} {k}")
    for name, (left, right) in TRUE.items()
    for k, other in enumerate(dict.fromkeys(mutants(left.term)))
    if is_false(TermArray((), other), right)
]


@pytest.mark.parametrize("name", TRUE)
def test_without_a_change_it_is_proved(name):
    left, right = TRUE[name]
    assert prove_pointwise(eq(left, right), left, right).statement is eq(left, right)


def test_there_are_changes_of_every_kind():
    assert len(FALSE) > 20


@pytest.mark.parametrize(("left", "right"), FALSE)
def test_an_identity_with_one_thing_changed_is_not_proved(left, right):
    with pytest.raises(NoProof):
        prove_pointwise(eq(left, right), left, right)


# logits, absolute values, lengths

CLAIMS = {
    "log of one plus, of minus": (xp.log(1 + xp.exp(-X)), softplus(X)),
    "log of a sigmoid": (xp.log(1 / (1 + xp.exp(-X))), -softplus(X)),
    "log of one less a sigmoid": (xp.log(1 - 1 / (1 + xp.exp(-X))), X - softplus(X)),
    "softplus of minus": (softplus(-X), softplus(X) + X),
    "a Bernoulli of the other label": (softplus(M) - X * M, -bernoulli_density(1 - X, M)),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_false_claim_about_logits(name):
    left, right = CLAIMS[name]
    assert is_false(left, right)
    with pytest.raises(NoProof):
        proved(eq(left, right), about_logits(left.term, right.term), unfold=True)


@pytest.mark.parametrize(
    ("left", "right"),
    [(abs(X), X), (abs(X) + abs(M), abs(X + M)), (abs(X - M), abs(X) - abs(M)), (abs(X) * X, X**2)],
)
def test_a_false_claim_about_absolute_values(left, right):
    assert is_false(left, right, {"x": -0.3, "m": 1.1})
    with pytest.raises(NoProof):
        proved_about_abs(eq(left, right), proved)


@pytest.mark.parametrize(
    ("left", "right"),
    [(N * (1 / N) * M, N * M), (M * (1 / N), M), (N * M * (1 / N) + 1 / N, M), ((1 / N) * (1 / N) * M, (1 / N) * M)],
)
def test_lengths_cancel_only_where_they_do(left, right):
    assert is_false(left, right)
    with pytest.raises(NoProof):
        prove_pointwise(given(*hypotheses_of(left, right), eq(left, right)), left, right)


# definitions


def test_a_theorem_about_other_bodies_is_none_about_the_functions():
    left = (M**2 + xp.exp(H) - 1 - H) / 2
    of_bodies = proved(eq(left, (M**2 + xp.exp(H) - 1 - H) / 2))
    for claim in (2 * KL, KL + 1, coordinate_kl(H, M), coordinate_kl(M, 2 * H)):
        assert is_false(left, claim)
        with pytest.raises(NotProved):
            with_definitions(eq(left, claim), of_bodies)


# sums

Y, A = element_of("y", (0, 1)), element_of("a", (0,))
OVER = Sum.of(total(Y, 1).term)
ARRAYS = random_numbers(4, (4, 3), y=(0, 1), a=(0,))
HYPOTHESES = hypotheses_of(total(total(Y, 1), 0))


def test_what_leaves_a_sum_is_only_what_does_not_move_along_it():
    part, theorem = part_of_sum(OVER, Part(A, Y), A * Y)
    assert theorem is not None
    assert value(part.product, ARRAYS) == pytest.approx(value(total(A * Y, 1), ARRAYS))
    for wrong in (A * total(Y, 1) * 2, total(Y, 1), A + total(Y, 1)):
        assert is_false(total(A * Y, 1), wrong, ARRAYS)
        with pytest.raises(NoProof):
            proved(given(*HYPOTHESES, eq(total(A * Y, 1), wrong)), [theorem])


@pytest.mark.parametrize("bodies", [[Y**2, Y], [Y**2, 2 * Y], [Y**2, 2 * Y, as_term(2)], [Y, Y, Y]])
def test_sums_of_summands_that_do_not_add_up_are_not_equal(bodies):
    whole = (Y + 1) ** 2
    assert is_false(whole, sum(bodies[1:], bodies[0]), {**ARRAYS, "i0": 0, "i1": 1})
    with pytest.raises(NoProof):
        equal_sums(OVER, whole, bodies, None, HYPOTHESES)


def test_sums_are_not_equal_by_a_theorem_about_other_summands():
    about_others = proved(eq(Y + Y, 2 * Y))
    with pytest.raises(NoProof):
        equal_sums(OVER, Y**2, [Y, Y], about_others, HYPOTHESES)


@pytest.mark.parametrize(("weight", "constant"), [(2, 0), (1, 1), (3, Fraction(1, 2))])
def test_a_weight_that_the_summand_has_not_is_not_proved_of_its_sum(weight, constant):
    """The base claims what is not so, by a theorem about something else: the sum is not proved."""
    term = total(Y**2, 1)
    right = as_term(weight) * Y**2 + as_term(constant)

    def base(_):
        return Weighed((Part(as_term(weight), Y**2),), as_term(constant), proved(eq(right, right)))

    assert is_false(term, total(right, 1), ARRAYS)
    with pytest.raises(NoProof):
        summed([Part(as_term(1), term)], [1], base, HYPOTHESES)


def test_the_length_of_another_axis_is_another_number():
    goal = eq(total(A * as_term(1), 0) * real(length_of(1)), total(A * as_term(1), 0) * real(length_of(0)))
    assert is_false(*(TermArray((), side) for side in goal.arguments), ARRAYS)
    with pytest.raises(NoProof):
        proved(given(*HYPOTHESES, goal))
