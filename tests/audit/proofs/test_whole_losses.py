"""The room as a whole: from the term of a loss to the theorem that it is weights times sums of known quantities.

Each loss is written by hand as a term; what its theorem says is compared with numpy, at lengths of several sizes.
"""

import numpy as np
import pytest

from vaelid.auditor.formula.axes_of_terms import element_of, hypotheses_of, length_of, names_in, total
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, Divergence, Reconstruction
from vaelid.auditor.proofs.decomposition import decomposed
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.auditor.proofs.pointwise import prove_pointwise
from vaelid.auditor.proofs.summation import Weighed, summed
from vaelid.auditor.proofs.sums import Part, axes_of, value_of
from vaelid.readings.terms.arrays import as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import coordinate_kl, gaussian_density
from vaelid.theory.statement import eq, given

from ..numbers_of_terms import holds, random_numbers, sides, value

X, H = element_of("x", (0, 1)), element_of("h", (0, 1))
MU, LV = element_of("mu", (0, 2)), element_of("lv", (0, 2))
ROWS, PLACES, LATENTS = (real(length_of(axis)) for axis in (0, 1, 2))
KL = coordinate_kl(MU, LV)
ZERO = as_term(0)
NLL = -gaussian_density(X, H, ZERO)
NORMALISER = -gaussian_density(ZERO, ZERO, ZERO)


def both(term, inner):
    """The sum over rows and over another axis."""
    return total(total(term, inner), 0)


SQUARES = both((X - H) ** 2, 1)
CLOSED = both(1 + LV - MU**2 - xp.exp(LV), 2)

# the loss, the weight of the NLL without its normaliser, the weight of the KL, the constant, as functions of B, D and L
LOSSES = {
    "textbook": (SQUARES / 2 - CLOSED / 2, lambda b, d, n: (1, 1, 0)),
    "squares": (SQUARES - CLOSED / 2, lambda b, d, n: (2, 1, 0)),
    "mean over rows": ((SQUARES / 2 - CLOSED / 2) * (1 / ROWS), lambda b, d, n: (1 / b, 1 / b, 0)),
    "means of both": (
        SQUARES * (1 / ROWS) * (1 / PLACES) - CLOSED / 2 * (1 / ROWS) * (1 / LATENTS),
        lambda b, d, n: (2 / (b * d), 1 / (b * n), 0),
    ),
    "beta": (SQUARES / 2 - 4 * CLOSED / 2, lambda b, d, n: (1, 4, 0)),
    "without the one": (SQUARES / 2 - both(LV - MU**2 - xp.exp(LV), 2) / 2, lambda b, d, n: (1, 1, b * n / 2)),
    "sum over rows outside": (
        total(total((X - H) ** 2, 1) / 2 - total(1 + LV - MU**2 - xp.exp(LV), 2) / 2, 0),
        lambda b, d, n: (1, 1, 0),
    ),
    "constant": (SQUARES / 2 - CLOSED / 2 + 7, lambda b, d, n: (1, 1, 7)),
}


def kind(term):
    """By the names of arrays."""
    names = names_in(term)
    if names & {"mu", "lv"}:
        return MIXED if names & {"x", "h"} else Divergence(0)
    return Reconstruction() if names & {"h"} else CONSTANT


def base_of(quantity, body, weight, constant, hypotheses):
    """The identity of one coordinate, by the solvers."""
    right = weight * quantity + constant
    theorem = prove_pointwise(given(*hypotheses, eq(body, right)), body, quantity)
    return Weighed((Part(weight, quantity),), constant, theorem)


def weighed(parts, quantity, hypotheses, weight, constant=ZERO):
    """The parts as this weight times a quantity, and this constant at each place."""

    def base(body):
        return base_of(quantity, body, weight, constant, hypotheses)

    return summed(list(parts), axes_of(parts), base, hypotheses)


def numpys(numbers, lengths):
    """The sums of squares / 2 and of the KL."""
    x, h, mu, lv = (numbers[name] for name in ("x", "h", "mu", "lv"))
    return ((x - h) ** 2).sum() / 2, 0.5 * (mu**2 + np.exp(lv) - 1 - lv).sum()


@pytest.mark.parametrize("name", LOSSES)
def test_the_parts_of_a_loss_are_its_likelihood_and_its_divergence(name):
    term, weights = LOSSES[name]
    found = decomposed(term, kind, hypotheses_of(term))
    for seed, lengths in enumerate([(4, 3, 2), (2, 1, 5)]):
        numbers = random_numbers(seed, lengths, x=(0, 1), h=(0, 1), mu=(0, 2), lv=(0, 2))
        of_data, of_kl, constant = weights(*lengths)
        nll, kl = numpys(numbers, lengths)
        by_kind = {}
        for part in found.parts:
            here = kind(value_of([part]))
            by_kind[here] = by_kind.get(here, 0) + value(part.product, numbers)
        assert by_kind[Reconstruction()] == pytest.approx(of_data * nll)
        rest = by_kind[Divergence(0)] + by_kind.get(CONSTANT, 0)
        assert rest == pytest.approx(of_kl * kl + constant)


PROVED = {
    "textbook": as_term(1),
    "mean over rows": 1 / ROWS,
    "means of both": (1 / ROWS) * (1 / LATENTS),
    "beta": as_term(4),
}


@pytest.mark.parametrize("name", PROVED)
def test_the_divergence_of_a_loss_is_proved_to_be_the_kl(name):
    term, weights = LOSSES[name]
    hypotheses = hypotheses_of(term)
    parts = [p for p in decomposed(term, kind, hypotheses).parts if kind(value_of([p])) == Divergence(0)]
    found = weighed(parts, KL, hypotheses, PROVED[name])
    for seed, lengths in enumerate([(4, 3, 2), (1, 2, 3)]):
        numbers = random_numbers(seed, lengths, mu=(0, 2), lv=(0, 2))
        assert holds(found.theorem, numbers)
        mu, lv = numbers["mu"], numbers["lv"]
        kl = 0.5 * (mu**2 + np.exp(lv) - 1 - lv).sum()
        assert value(found.parts[0].term, numbers) == pytest.approx(kl)
        assert value(found.parts[0].coefficient, numbers) == pytest.approx(weights(*lengths)[1])


def test_a_wrong_divergence_is_not_proved():
    term = both(1 + LV - MU**2 - xp.exp(2 * LV), 2)
    with pytest.raises(NoProof):
        weighed([Part(as_term(-1) / 2, term)], KL, hypotheses_of(term), as_term(1))


def test_the_likelihood_of_a_loss_is_proved_to_be_gaussian_up_to_its_normaliser():
    term, _ = LOSSES["squares"]
    hypotheses = hypotheses_of(term)
    parts = [p for p in decomposed(term, kind, hypotheses).parts if kind(value_of([p])) == Reconstruction()]

    def base(body):
        return base_of(NLL, body, as_term(2), -2 * NORMALISER, hypotheses)

    found = summed(list(parts), axes_of(parts), base, hypotheses)
    numbers = random_numbers(5, (3, 4, 2), x=(0, 1), h=(0, 1))
    assert holds(found.theorem, numbers)
    left, _ = sides(found.theorem, numbers)
    assert left == pytest.approx(((numbers["x"] - numbers["h"]) ** 2).sum())
    assert value(found.constant, numbers) == pytest.approx(-12 * np.log(2 * np.pi))


def test_the_whole_follows_from_its_parts():
    term, _ = LOSSES["mean over rows"]
    hypotheses = hypotheses_of(term)
    decomposition = decomposed(term, kind, hypotheses)
    assert decomposition.theorem is not None
    parts = {k: [p for p in decomposition.parts if kind(value_of([p])) == k] for k in (Reconstruction(), Divergence(0))}
    of_kl = weighed(parts[Divergence(0)], KL, hypotheses, 1 / ROWS)
    goal = eq(term, value_of(parts[Reconstruction()]) + of_kl.parts[0].product)
    theorem = proved(given(*hypotheses, goal), [decomposition.theorem, of_kl.theorem])
    for seed, lengths in enumerate([(4, 3, 2), (1, 1, 1), (2, 5, 3)]):
        assert holds(theorem, random_numbers(seed, lengths, x=(0, 1), h=(0, 1), mu=(0, 2), lv=(0, 2)))


def test_a_whole_does_not_follow_without_its_parts():
    term, _ = LOSSES["textbook"]
    goal = eq(term, SQUARES / 2 + both(KL, 2))
    with pytest.raises(NoProof):
        proved(given(*hypotheses_of(term), goal))
