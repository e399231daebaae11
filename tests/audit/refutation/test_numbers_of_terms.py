"""Each way of refuting a term of one coordinate or place: its witness's numbers by mpmath, scipy, torch and numpy."""

import itertools
import math
import re
from fractions import Fraction

import mpmath
import pytest
import torch
from scipy.integrate import quad
from torch.distributions import Normal, Poisson, kl_divergence

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.in_balls import points
from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.judgement.names import Shown
from vaelid.auditor.refutation.another_likelihood import another_likelihood
from vaelid.auditor.refutation.no_divergence import another_prior, no_divergence
from vaelid.auditor.refutation.no_likelihood import no_likelihood
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.text import text

from ..hand_made import LOGVAR, MU, NAMES, POSTERIOR, SQUARES, X_HAT, X, found, group, over, question
from .losses import MP, numbers, shown

S = element_of("s", (0, 2))
NUMBERS = {"s": torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))}
BERNOULLI = xp.log(1 + xp.exp(X_HAT)) - X * X_HAT
exp, log = MP.exp, MP.log


def at(witness, *names):
    """The numbers of a witness's point, by these names."""
    return [MP.mpf(Fraction(witness.point[n]).numerator) / Fraction(witness.point[n]).denominator for n in names]


def pair(witness):
    return shown(witness.computed), shown(witness.expected)


def from_two_others(body, target, grid, where):
    """What the body would be at a point, were it a multiple of the target plus a constant: of each two other points."""
    values = [(body(*p), target(*p)) for p in grid if p != where]
    for (one, mine), (other, theirs) in itertools.combinations(values, 2):
        if mine != theirs:
            weight = (one - other) / (mine - theirs)
            yield weight * (target(*where) - mine) + one


# no multiple of a KL


def kl(m, v):
    return (exp(v) + m**2 - 1 - v) / 2


WRONG = {
    "a squared mean": (MU**2, lambda m, v: m**2),
    "a deviation": (MU**2 + xp.exp(LOGVAR / 2) - LOGVAR, lambda m, v: m**2 + exp(v / 2) - v),
    "no logarithm": (MU**2 + xp.exp(LOGVAR), lambda m, v: m**2 + exp(v)),
    "an absolute value": (abs(MU) + xp.exp(LOGVAR) - LOGVAR, lambda m, v: abs(m) + exp(v) - v),
    "the other way round": (
        xp.exp(-LOGVAR) * (1 + MU**2) + LOGVAR,
        lambda m, v: exp(-v) * (1 + m**2) + v,
    ),
    "a clamp at 12": (
        MU**2 + xp.exp(LOGVAR) - (LOGVAR + 12 - abs(LOGVAR - 12)) / 2,
        lambda m, v: m**2 + exp(v) - min(v, MP.mpf(12)),
    ),
}
FAR = [(a, b) for v in (8, -8, 20, -20, 60, -60) for a, b in ((v, 0), (0, v))]


@pytest.mark.parametrize("name", WRONG)
def test_a_term_that_is_no_kl_is_off_by_what_two_other_points_ask_for(name):
    body, value = WRONG[name]
    witness = no_divergence(body, POSTERIOR, {}, Shown(POSTERIOR, NAMES))
    where = tuple(at(witness, "mu", "logvar"))
    assert shown(witness.computed) == pytest.approx(float(value(*where)), rel=1e-11)
    grid = [tuple(MP.mpf(n.numerator) / n.denominator for n in p.values()) for p in points([MU.term, LOGVAR.term], {})]
    grid += [tuple(map(MP.mpf, p)) for p in FAR]
    wanted = from_two_others(value, kl, grid, where)
    assert any(abs(w - shown(witness.expected)) <= 1e-10 * (1 + abs(w)) for w in wanted)


@pytest.mark.parametrize(("mean", "variance"), [(0, 1), (2, 1), (0, 9), (Fraction(-1, 2), Fraction(1, 4))])
def test_a_kl_to_another_prior_is_torchs_at_the_witness(mean, variance):
    own = (MU - 1) ** 2 / 8 + xp.exp(LOGVAR) / 8 - LOGVAR / 2  # to N(1, 4), but for a constant
    witness = another_prior(own, POSTERIOR, (Fraction(mean), Fraction(variance)), Shown(POSTERIOR, NAMES))
    mu, logvar = (torch.tensor(float(n), dtype=torch.float64) for n in at(witness, "mu", "logvar"))
    to_own = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(1.0, 2.0))
    constant = math.log(4) / 2 - 1 / 2
    assert shown(witness.computed) == pytest.approx(float(to_own) - constant, rel=1e-11)
    assert pair(witness)[0] != pair(witness)[1]


# no density


def refuted(body, declared=None):
    asked = question(over(body, 0, 2), posteriors=[], arrays=NUMBERS, outputs=frozenset({"x_hat", "s"}))
    return no_likelihood(asked, group(Reconstruction(), body, 0, 2), declared, lambda e: text(e.arguments[0]))


def settings_of(refutation):
    """The two settings of the outputs between which a density's integral would have to stay: from the witness."""
    first = re.search(r"the second number is that at (.*)$", refutation.witness.meaning).group(1)
    other = dict(part.split(" = ") for part in first.split(", "))
    return [{n: float(Fraction(v)) for n, v in point.items()} for point in (refutation.witness.point, other)]


def log_integral(body, **outputs):
    """The logarithm of the integral of exp(-body) over the datum, by quadrature."""
    return math.log(quad(lambda x: math.exp(-body(x, **outputs)), -60, 60, epsabs=0, epsrel=1e-12, limit=400)[0])


NO_DENSITIES = {
    "a square of the output": (
        (X - X_HAT) ** 2 + X_HAT**2,
        lambda x, x_hat: (x - x_hat) ** 2 + x_hat**2,
    ),
    "a product with the output": (
        (X - X_HAT) ** 2 + 3 * X * X_HAT,
        lambda x, x_hat: (x - x_hat) ** 2 + 3 * x * x_hat,
    ),
}


@pytest.mark.parametrize("name", NO_DENSITIES)
def test_the_integral_moves_by_what_the_witness_says(name):
    """The integral of exp(-(A x^2 + B x + C)) is sqrt(pi / A) exp(B^2 / (4 A) - C)."""
    body, value = NO_DENSITIES[name]
    refutation = refuted(body)
    there, first = (log_integral(value, **outputs) for outputs in settings_of(refutation))
    computed, expected = numbers(refutation)
    assert computed - expected == pytest.approx(there - first, rel=1e-9)


def test_a_scale_that_moves_without_its_logarithm_is_a_curvature_that_moves():
    refutation = refuted((X - X_HAT) ** 2 * xp.exp(-S) / 2)
    settings = settings_of(refutation)
    assert numbers(refutation) == pytest.approx([math.exp(-s["s"]) / 2 for s in settings], rel=1e-11)
    integrals = [log_integral(lambda x, x_hat, s: (x - x_hat) ** 2 * math.exp(-s) / 2, **s) for s in settings]
    assert integrals[0] - integrals[1] == pytest.approx((settings[0]["s"] - settings[1]["s"]) / 2, rel=1e-9)


def test_a_normaliser_that_is_another_function_of_the_scale():
    """With w by the first two scales, the level at a third is not first + w / 2 (log A - log A first)."""
    refutation = refuted((X - X_HAT) ** 2 * xp.exp(-S) / 2 + S**2)
    there, first = settings_of(refutation)
    computed, expected = numbers(refutation)
    assert computed == pytest.approx(-(there["s"] ** 2), rel=1e-11)  # B^2 / (4 A) - C is -s^2
    asked = [(expected + first["s"] ** 2) / (first["s"] - there["s"])]  # log A is -s - log 2: so w / 2 is this
    scales = [float(Fraction(n)) for n in ("0", "1", "-1/2", "2", "-1", "1/2", "-2", "3")]
    assert any(asked[0] == pytest.approx(first["s"] + s, rel=1e-9) for s in scales)


@pytest.mark.parametrize("way", [1, -1])
def test_what_falls_far_out_has_these_values_there(way):
    refutation = refuted((X - X_HAT) ** 2 + way * X_HAT**2 * X**3)
    x, x_hat = at(refutation.witness, "x", "x_hat")

    def value(x):
        return (x - x_hat) ** 2 + way * x_hat**2 * x**3

    assert numbers(refutation) == pytest.approx((float(value(x)), float(value(x / 1000))), rel=1e-11)
    assert value(x) < value(x / 1000)


# no likelihood of a family

TARGETS = {
    "gaussian": [lambda x, h: (x - h) ** 2 / 2],
    "laplace": [lambda x, h: abs(x - h)],
    "bernoulli": [
        lambda x, h: log(1 + exp(h)) - x * h,  # of logits
        lambda x, p: -x * log(p) - (1 - x) * log(1 - p),  # of probabilities
    ],
    "poisson": [lambda x, h: exp(h) - x * h, lambda x, rate: rate - x * log(rate)],
}
BODIES = {
    "gaussian": SQUARES,
    "laplace": abs(X - X_HAT),
    "bernoulli": BERNOULLI,
    "poisson": xp.exp(X_HAT) - X * X_HAT,
}
OUTPUTS = [MP.mpf(n) / d for n, d in ((1, 3), (1, 2), (1, 5), (3, 4), (2, 3))]


@pytest.mark.parametrize(("family", "declared"), [*itertools.permutations(TARGETS, 2)])
def test_a_likelihood_of_another_family_is_off_by_what_two_other_points_ask_for(family, declared):
    witness = refuted(BODIES[family], declared).witness
    where, value = tuple(at(witness, "x", "x_hat")), TARGETS[family][0]
    assert shown(witness.computed) == pytest.approx(float(value(*where)), rel=1e-11)
    data = [0, 1, MP.mpf(1) / 4, -1] if declared in ("gaussian", "laplace") else [0, 1]
    grid = [(MP.mpf(x), h) for x in data for h in OUTPUTS]
    wanted = (w for target in TARGETS[declared] for w in from_two_others(value, target, grid, where))
    assert any(abs(w - shown(witness.expected)) <= 1e-10 * (1 + abs(w)) for w in wanted)


def another(body, family, declared):
    asked = question(over(body, 0, 2), posteriors=[])
    known = found(family, body, family=family, parameters=(X, X_HAT))
    return another_likelihood(asked, group(Reconstruction(), body, 0, 2, found=known), known, declared, str)


def test_what_a_categorical_of_two_classes_changes_is_torchs_logsumexp():
    witness = another(SQUARES, "gaussian", "categorical")

    def lse(*values):
        return float(torch.logsumexp(torch.tensor(values, dtype=torch.float64), 0))

    assert pair(witness) == pytest.approx((0, lse(1, 1) - 2 * lse(1, 0) + lse(0, 0)), rel=1e-11)


def second(values):
    return float(values[0] - 2 * values[1] + values[2])


def test_a_gaussian_is_no_negative_binomial_as_its_slopes_do_not_bend():
    """What x = 1 adds to a squared error is 1/2 - h: a line in h. In a negative binomial of dispersion 1 it bends."""
    witness = another(SQUARES, "gaussian", "negative_binomial")
    of_one = second([mpmath.log(1 + mpmath.exp(-k)) for k in (-1, 0, 1)])
    assert pair(witness) == pytest.approx((0, of_one), rel=1e-11)


def test_a_poisson_is_no_negative_binomial():
    """What x = 1 adds to a Poisson of log-rate h is -h, and to one of rate m it is -log m, which bends as counts do."""
    witness = another(xp.exp(X_HAT) - X * X_HAT, "poisson", "negative_binomial")
    nll = {
        (x, h): float(-Poisson(math.exp(h)).log_prob(torch.tensor(float(x)))) for x in (0, 1) for h in (-1.0, 0.0, 1.0)
    }
    added = [nll[1, h] - nll[0, h] for h in (-1.0, 0.0, 1.0)]
    assert second(added) == pytest.approx(shown(witness.computed), abs=1e-6)
