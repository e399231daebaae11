"""The gradient of a function whose value is a multiple of the KL: torch's slopes, beside those of torch's own KL."""

import math

import pytest
import torch
from flint import arb
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from vaelid.auditor.judgement.kl_gradient import gradient_claim
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.model.arguments import KL_SHAPES, kl_variables
from vaelid.auditor.model.roles import roles_of
from vaelid.spec.errors import UserCodeError

from ..hand_made import theorem
from ..witnessed import ball

ROWS, LATENTS = KL_SHAPES[0]


def judged(function, weight=None, value="1", assumptions=("one",)):
    """The claim on a function whose value is proved; `value`: its weight, in a ball."""
    known = None if value is None else arb(value)
    return gradient_claim(function, roles_of(function, {}), weight or Monomial(1.0, {}), known, theorem(), assumptions)


def kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


class Bent(torch.autograd.Function):
    """The number itself, with three times its gradient."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, slope):
        return 3 * slope


class NotANumber(torch.autograd.Function):
    """The number itself, without a slope."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, slope):
        return slope * float("nan")


class Raising(torch.autograd.Function):
    """The number itself, with a backward that fails."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, slope):
        raise KeyError("scale")


RIGHT = {
    "a sum": (lambda mu, logvar: kl(mu, logvar).sum(), Monomial(1.0, {})),
    "a mean over rows": (lambda mu, logvar: kl(mu, logvar).sum(1).mean(), Monomial(1.0, {"B": -1})),
    "each coordinate": (lambda mu, logvar: kl(mu, logvar), Monomial(1.0, {})),
    "a mean": (lambda mu, logvar: 5 * kl(mu, logvar).mean(), Monomial(5.0, {"B": -1, "L": -1})),
    "of a deviation": (lambda mu, std: (0.5 * (mu**2 + std**2 - 1) - std.log()).sum(), Monomial(1.0, {})),
    "of a variance": (lambda mu, var: 0.5 * (mu**2 + var - 1 - var.log()).sum(), Monomial(1.0, {})),
    "a detached constant": (lambda mu, logvar: kl(mu, logvar).sum() + mu.detach().sum(), Monomial(1.0, {})),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_gradient_of_the_kl_is_proved_with_what_is_assumed(name):
    function, weight = RIGHT[name]
    claim = judged(function, weight)
    assert (claim.verdict, claim.weight, claim.theorems) == ("PROVED", str(weight), (theorem(),))
    assert claim.assumptions == (
        "one",
        "the gradient is tested at one point",
        "real numbers: rounding, overflow and NaN are not counted",
    )


@pytest.mark.parametrize("name", RIGHT)
def test_another_weight_is_another_gradient(name):
    function, weight = RIGHT[name]
    claim = judged(function, Monomial(weight.number * 2, weight.powers), "2")
    assert (claim.verdict, claim.bug) == ("REFUTED", "detached")


WRONG = {  # with the argument whose slope is another
    "a detached mean": (lambda mu, logvar: kl(mu.detach(), logvar).sum(), "mu", 0),
    "a detached variance": (lambda mu, logvar: kl(mu, logvar.detach()).sum(), "logvar", 0),
    "a detached part": (
        lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar.detach()).sum(),
        "logvar",
        lambda mu, logvar: logvar.exp() / 2,
    ),
    "a backward of its own": (lambda mu, logvar: kl(Bent.apply(mu), logvar).sum(), "mu", lambda mu, logvar: 3 * mu),
    "all without a gradient": (lambda mu, logvar: kl(mu.detach(), logvar.detach()).sum(), "mu", 0),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_gradient_is_refuted_by_both_slopes(name):
    function, argument, own = WRONG[name]
    claim = judged(function)
    assert (claim.verdict, claim.bug, claim.theorems) == ("REFUTED", "detached", (theorem(),))
    assert f"its value is right, but not its gradient through {argument}: " in claim.reason
    mu, logvar = (
        torch.tensor(float(claim.witness.point[n]), dtype=torch.float64).requires_grad_() for n in ("mu", "logvar")
    )
    divergence = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0))
    (wanted,) = torch.autograd.grad(divergence, mu if argument == "mu" else logvar)
    computed, expected = (float(ball(text).mid()) for text in (claim.witness.computed, claim.witness.expected))
    assert expected == pytest.approx(float(wanted), rel=1e-9)
    assert computed == pytest.approx(float(own(mu, logvar).detach()) if callable(own) else own, rel=1e-9)


@pytest.mark.parametrize("name", WRONG)
def test_the_point_is_the_place_where_the_slope_is_furthest_off(name):
    function, argument, own = WRONG[name]
    claim = judged(function)
    variables = kl_variables(roles_of(function, {}).of, (ROWS, LATENTS))
    mu, logvar = (variables[n].detach() for n in ("mu", "logvar"))
    wanted = mu if argument == "mu" else (logvar.exp() - 1) / 2
    mine = own(mu, logvar) if callable(own) else torch.zeros_like(mu)
    at = int((mine - wanted).abs().argmax()) if callable(own) else 0
    if not callable(own):  # autograd has no slope at all: the first place is as good as any
        assert claim.witness.point == {"mu": repr(float(mu.flatten()[0])), "logvar": repr(float(logvar.flatten()[0]))}
        return
    assert claim.witness.point["mu"] == repr(float(mu.flatten()[at]))


def test_without_a_weight_in_a_ball_another_gradient_is_unknown():
    claim = judged(WRONG["a detached mean"][0], value=None)
    assert (claim.verdict, claim.bug, claim.witness) == ("UNKNOWN", None, None)
    assert claim.theorems == (theorem(),)


def test_a_slope_that_is_no_number_is_refuted():
    claim = judged(lambda mu, logvar: kl(NotANumber.apply(mu), logvar).sum())
    assert (claim.verdict, claim.bug) == ("REFUTED", "detached")
    assert math.isnan(float(claim.witness.computed))


def test_what_torch_cannot_differentiate_is_refuted():
    def overwritten(mu, logvar):
        variance = logvar.exp()
        found = kl(mu, logvar).sum() + 0 * variance.sum()
        variance.zero_()  # what the backward pass needs
        return found

    claim = judged(overwritten)
    assert (claim.verdict, claim.bug) == ("REFUTED", "detached")
    assert claim.reason.startswith("its value is right, but torch cannot differentiate it: ")
    assert (claim.witness.computed, claim.witness.expected) == ("0", "1")


def test_what_a_users_own_backward_raises_is_theirs():
    with pytest.raises(UserCodeError, match="the audited function's backward raised KeyError"):
        judged(lambda mu, logvar: kl(Raising.apply(mu), logvar).sum())


def test_gradients_are_taken_where_an_audited_file_has_switched_them_off():
    with torch.no_grad():
        claim = judged(lambda mu, logvar: kl(mu, logvar).sum())
    assert claim.verdict == "PROVED"


def test_the_audited_function_finds_its_own_values_as_they_were():
    kept: list[Tensor] = []

    def keeping(mu, logvar):
        kept.append(mu)
        return kl(mu, logvar).sum()

    assert judged(keeping).verdict == "PROVED"
    assert kept == []
