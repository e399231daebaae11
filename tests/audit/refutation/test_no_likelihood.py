"""A term that is no negative log-likelihood of its family has a point that shows it; torch's densities have none."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Normal

from vaelid import audit
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.refutation.another_likelihood import another_likelihood
from vaelid.auditor.refutation.no_density import no_density
from vaelid.auditor.refutation.no_likelihood import Compared, compared_in, no_likelihood, not_of_family
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Term
from vaelid.readings.terms.text import text

from ..hand_made import SQUARES, X_HAT, X, found, group, over, question
from ..witnessed import ball

S = element_of("s", (0, 2))
NUMBERS = {"s": torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))}
ONE = as_term(1)
BERNOULLI = xp.log(1 + xp.exp(X_HAT)) - X * X_HAT
POISSON = xp.exp(X_HAT) - X * X_HAT
LAPLACE = abs(X - X_HAT)
GAUSSIAN = (X - X_HAT) ** 2 * xp.exp(-S) / 2 + S / 2


def shown(element: Term) -> str:
    return text(element.arguments[0])


def asked(body):
    return question(over(body, 0, 2), posteriors=[], arrays=NUMBERS, outputs=frozenset({"x_hat", "s"}))


def refuted(body, declared=None):
    return no_likelihood(asked(body), group(Reconstruction(), body, 0, 2), declared, shown)


RIGHT = {
    "gaussian": SQUARES,
    "bernoulli": BERNOULLI,
    "poisson": POISSON,
    "laplace": LAPLACE,
}


@pytest.mark.parametrize("family", RIGHT)
def test_a_likelihood_is_not_refuted(family):
    assert refuted(3 * RIGHT[family] + 1, family) is None


@pytest.mark.parametrize("declared", RIGHT)
@pytest.mark.parametrize("family", RIGHT)
def test_a_likelihood_of_another_family_is_refuted(family, declared):
    found_ = refuted(RIGHT[family], declared)
    assert (found_ is None) == (family == declared)
    if found_ is not None:
        assert f"negative log-likelihood of a {declared}" in found_.sentence
        assert not ball(found_.witness.computed).overlaps(ball(found_.witness.expected))
        assert set(found_.witness.point) == {"x", "x_hat"}


def test_logarithms_as_a_bernoulli_has_them_are_held_against_one():
    assert "of a bernoulli" in refuted(xp.log(1 + xp.exp(X * X_HAT))).sentence
    assert refuted(xp.log(1 + xp.exp((1 - 2 * X) * X_HAT))) is None  # of 0 and 1 it is one


def test_probabilities_and_their_logits_are_a_bernoullis():
    entropy = -X * xp.log(X_HAT) - (1 - X) * xp.log(1 - X_HAT)
    assert refuted(entropy) is None
    assert refuted(entropy, "bernoulli") is None
    assert refuted(entropy, "binomial") is None
    logits = torch.tensor(0.3)
    (at,) = asked(entropy).values.whole(entropy, (0, 2))[:1]
    assert bool(torch.isnan(at).any())  # outputs below 0 are no probabilities
    p = torch.sigmoid(logits)
    by_hand = -(0.0 * p.log() + (1 - p).log())
    torch.testing.assert_close(by_hand, -Bernoulli(logits=logits).log_prob(torch.tensor(0.0)))


SCALED = {
    "a normalised Gaussian": (GAUSSIAN, None),
    "half of its logarithm": ((X - X_HAT) ** 2 * xp.exp(-S) / 2 + S / 4, None),  # of another weight, 2 w log s
    "a scale without a logarithm": ((X - X_HAT) ** 2 * xp.exp(-S) / 2, "A is"),
    "another power": ((X - X_HAT) ** 2 * xp.exp(-S) / 2 + S**2, "beside that which A asks for"),
    "a level that moves": ((X - X_HAT) ** 2 + X_HAT**2, "B^2 / (4 A) - C is"),
}


@pytest.mark.parametrize("name", SCALED)
def test_the_integral_of_a_density_does_not_move(name):
    body, said = SCALED[name]
    found_ = refuted(body)
    assert (found_ is None) == (said is None)
    if said is not None:
        assert "the integral of its exponential over the data moves" in found_.sentence
        assert said in found_.sentence


@pytest.mark.parametrize("way", [1, -1])
def test_a_polynomial_that_falls_far_out_is_no_density(way):
    found_ = refuted((X - X_HAT) ** 2 + way * X_HAT**2 * X**3)
    assert f"falls without end as x goes to {-way * 10**6}" in found_.sentence
    assert ball(found_.witness.computed) < ball(found_.witness.expected)


def test_a_polynomial_of_degree_four_is_left():
    assert refuted((X - X_HAT) ** 4) is None


def test_a_parabola_downwards_is_left_to_others():
    assert refuted(-((X - X_HAT) ** 2)) is None


@given(
    weight=st.fractions(Fraction(1, 9), 9, max_denominator=9),
    shift=st.fractions(-3, 3, max_denominator=9),
)
@settings(max_examples=3, deadline=None)
def test_every_gaussian_of_a_learned_scale_is_left(weight, shift):
    body = as_term(weight) * ((X - X_HAT - as_term(shift)) ** 2 * xp.exp(-S) + S)
    assert no_density(body, X.term, (X_HAT.term, S.term), shown) is None


def test_the_term_of_a_gaussian_is_torchs():
    x, out, s = (torch.tensor(v, dtype=torch.float64) for v in (0.3, -0.4, 0.7))
    arrays = {name: v.expand(3, 4) for name, v in (("x", x), ("x_hat", out), ("s", s))}
    values = question(posteriors=[], arrays=arrays, moved=()).values.whole(GAUSSIAN, (0, 2))[0][0, 0]
    nll = -Normal(out, (s / 2).exp()).log_prob(x)
    assert float(nll - values) == pytest.approx(float(torch.log(torch.tensor(2 * torch.pi, dtype=torch.float64)) / 2))


def test_sums_and_terms_without_one_datum_are_not_asked():
    inside = xp.log(over(xp.exp(X_HAT), 2)) - X
    assert refuted(inside) is None
    assert refuted(X_HAT**2, "gaussian") is None
    assert refuted(X**2, "gaussian") is None


def test_what_is_compared_is_one_datum_with_outputs():
    compared = compared_in(asked(GAUSSIAN + X**3 + 2), group(Reconstruction(), GAUSSIAN + X**3 + 2, 0, 2))
    assert compared.datum is X.term
    assert set(compared.outputs) == {X_HAT.term, S.term}
    of_data_alone = compared_in(asked(X_HAT), group(Reconstruction(), X_HAT, 0, 2))
    assert of_data_alone is None


C = element_of("c", (0, 2))


def of_constants(body, declared=None):
    """What is said where `c` is an array of constants."""
    arrays = {"c": (torch.arange(12.0, dtype=torch.float64).reshape(3, 4) % 3 > 0).double()}
    of = question(over(body, 0, 2), posteriors=[], arrays=arrays)
    of = replace(of, data=frozenset({"x", "c"}), masks=frozenset({"c"}))
    return no_likelihood(of, group(Reconstruction(), body, 0, 2), declared, shown)


@pytest.mark.parametrize("family", RIGHT)
@pytest.mark.parametrize("place", [lambda nll: C * nll, lambda nll: (C * nll) / 2 * C])
def test_a_mask_leaves_a_likelihood_one(family, place):
    assert of_constants(place(RIGHT[family]), family) is None


def test_what_stands_under_a_mask_is_refuted_as_it_is_without_one():
    one, other = of_constants(C * (X - X_HAT) ** 4, "gaussian"), refuted((X - X_HAT) ** 4, "gaussian")
    assert one is not None
    assert other is not None
    assert one.witness == other.witness


@pytest.mark.parametrize("declared", ["gaussian", None])
def test_constants_that_data_are_compared_with_are_no_mask(declared):
    """As the mean image that a decoder's output is added to."""
    assert of_constants((X - X_HAT - C) ** 2 / 2, declared) is None


def test_what_is_known_as_a_parameter_may_be_it():
    doubled = Compared((X - 2 * X_HAT) ** 2, X.term, (X_HAT.term,))
    assert not_of_family(doubled, "gaussian", shown) is not None
    assert not_of_family(doubled, "gaussian", shown, (X, 2 * X_HAT)) is None


# of a likelihood that was recognised


def another(body, family, declared, parameters=(X, X_HAT)):
    known = found(family, body, family=family, parameters=parameters)
    return another_likelihood(asked(body), group(Reconstruction(), body, 0, 2, found=known), known, declared, shown)


@pytest.mark.parametrize("declared", [*RIGHT, "negative_binomial", "categorical"])
@pytest.mark.parametrize("family", RIGHT)
def test_a_recognised_likelihood_is_none_of_another_family(family, declared):
    witness = another(RIGHT[family], family, declared)
    assert (witness is None) == (family == declared)
    if witness is not None:
        assert not ball(witness.computed).overlaps(ball(witness.expected))


def test_a_negative_binomial_is_one():
    m, r = X_HAT, as_term(3)
    nll = -(X * m) + (X + r) * xp.log(xp.exp(m) + r)
    assert another(nll, "negative_binomial", "negative_binomial") is None
    assert another(nll, "negative_binomial", "gaussian") is not None


def test_classes_of_one_datum_mix_and_places_do_not():
    scores, total = element_of("x_hat", (0, 2)), xp.log(over(xp.exp(X_HAT), 2))
    body = total - over(X * scores, 2)
    known = found("categorical", body, family="categorical", parameters=(X, X_HAT))
    of_rows = group(Reconstruction(), body, 0, found=known)
    ask = replace(asked(SQUARES), term=over(body, 0))
    witness = another_likelihood(ask, of_rows, known, "gaussian", shown)
    assert "a gaussian likelihood's, place by place" in witness.meaning
    assert witness.expected == "0"
    squares = found("gaussian", SQUARES, family="gaussian", parameters=(X, X_HAT))
    of_places = group(Reconstruction(), SQUARES, 0, 2, found=squares)
    witness = another_likelihood(asked(SQUARES), of_places, squares, "categorical", shown)
    assert "a categorical's of two classes" in witness.meaning
    assert witness.computed == "0"


@pytest.mark.parametrize(
    ("nll", "verdict"),
    [
        (lambda x, out: torch.log(torch.cosh(x - out)), "PROVED"),
        (lambda x, out: (x - out) + 2 * F.softplus(out - x), "PROVED"),
        (lambda x, out: F.softplus(x - out) + F.softplus(out - x), "PROVED"),
    ],
    ids=["hyperbolic secant", "logistic", "logistic, even"],
)
@pytest.mark.parametrize("declared", [{}, {"beta": 1}])
@pytest.mark.every(3)
def test_a_density_that_nobody_called_a_bernoullis_is_not_refuted_as_one(nll, verdict, declared):
    torch.manual_seed(0)
    encoder, decoder = torch.nn.Linear(6, 4), torch.nn.Linear(2, 6)

    def step(x):
        mu, logvar = encoder(x).chunk(2, 1)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)
        return (nll(x, decoder(z)).sum(1) + kl).mean()

    assert audit(step, torch.randn(5, 6), **declared).verdict == verdict
