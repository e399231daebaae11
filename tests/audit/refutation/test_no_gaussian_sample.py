"""What a decoder is given is refuted where a slope, or the draw, shows that it is no sample of a Gaussian."""

from fractions import Fraction

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.refutation.no_gaussian_sample import no_function_of_a_normal, one_draw_for_many
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import EPS, LOGVAR, MU, Z, leaf, lifted, reading, sample
from ..witnessed import ball

EPS_LEAF = reading().leaves["eps"]
ELSEWHERE = reading(MU)  # a loss in which the draw does not stand


def refuted(element, read=ELSEWHERE, noise=EPS_LEAF):
    return no_function_of_a_normal(sample(element, noise=[noise]), read, lambda e: "eps")


FUNCTIONS = {
    "itself": Z,
    "tanh": xp.tanh(Z),
    "exp": xp.exp(MU + 2 * EPS),
    "cube": (MU + LOGVAR * EPS) ** 3,
    "squashed and scaled": 3 * xp.tanh(MU / 2 + LOGVAR * EPS) + 1,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_a_gaussians_sample_is_not_refuted(name):
    assert refuted(FUNCTIONS[name]) is None


def test_a_clamp_before_something_else_is_refuted_where_the_noise_does_nothing():
    drawn = MU + 2 * EPS
    found = refuted((drawn + 1 - abs(drawn - 1)) / 2 + LOGVAR)
    assert "behind a clamp" in found.sentence
    assert "z moves with logvar" in found.sentence
    assert (found.witness.computed, found.witness.expected, found.bug) == ("1", "0", None)
    eps = torch.tensor(float(Fraction(found.witness.point["eps"])), requires_grad=True)
    mu, logvar = torch.tensor(4 / 3, requires_grad=True), torch.tensor(2 / 3, requires_grad=True)
    slopes = torch.autograd.grad((mu + 2 * eps).clamp(max=1) + logvar, (eps, logvar))
    assert [float(slope) for slope in slopes] == [0, 1]


def test_a_bent_ratio_of_slopes_is_refuted_with_the_line_that_it_leaves():
    found = refuted(MU * EPS**2 + LOGVAR * EPS**3)
    assert "a line through those at 1 and 3" in found.sentence
    assert found.witness.point == {"eps": "2"}
    at = {name: (2 + len(name) % 3) / 3 for name in ("mu", "logvar")}

    def ratio(eps):
        return eps**2 / (2 * at["mu"] * eps + 3 * at["logvar"] * eps**2)

    assert float(ball(found.witness.computed)) == pytest.approx(ratio(2), rel=1e-11)
    assert float(ball(found.witness.expected)) == pytest.approx((ratio(1) + ratio(3)) / 2, rel=1e-11)


def test_a_draw_that_stands_elsewhere_in_the_loss_is_not_asked():
    assert refuted(MU * EPS**2 + LOGVAR * EPS**3, reading(MU + EPS)) is None


@pytest.mark.parametrize("law", ["uniform", "bernoulli"])
def test_noise_of_another_law_is_not_asked(law):
    noise = leaf("eps", "noise", law=law, axes=(0, 1), noise=frozenset({"eps"}))
    assert refuted(MU * EPS**2 + LOGVAR * EPS**3, noise=noise) is None


def test_two_elements_of_one_draw_are_not_asked():
    assert refuted(MU * EPS**2 + element_of("eps", (0, 3)) * LOGVAR) is None


@pytest.mark.parametrize(
    ("axes", "shared"), [((0, 1), frozenset()), ((0,), frozenset({1})), ((1,), frozenset({0})), ((), frozenset())]
)
def test_the_axes_that_a_draw_has_not_share_it(axes, shared):
    """A draw without axes is one number, which `judge_sample` finds to be affine."""
    assert one_draw_for_many(sample(MU + LOGVAR * element_of("eps", axes))) == shared


def test_what_is_not_affine_in_its_one_draw_shares_nothing():
    assert one_draw_for_many(sample(xp.exp(element_of("eps", (0,))) * MU)) == frozenset()
    assert one_draw_for_many(sample(MU * EPS * element_of("eps", (0,)))) == frozenset()
    assert one_draw_for_many(sample(lifted(MU).element)) == frozenset()
