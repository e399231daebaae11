"""Likelihoods are recognised by their values: what torch.distributions computes is found, with its weight."""

import pytest
import torch
from torch import distributions as law

from vaelid.auditor.formula.axes_of_terms import element_of, names_in, sizes_of
from vaelid.auditor.formula.functions import sigmoid
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.recognition.families import families
from vaelid.auditor.recognition.likelihoods import find_likelihood
from vaelid.auditor.recognition.quantities import Found
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import lgamma, softplus

from ..numbers_of_terms import value

X, H, S, M = (element_of(name, (0, 1)) for name in "xhsm")
AXES, LENGTHS = [0, 1], (6, 5)
DATA = frozenset({"x", "m"})


def probe(x, **outputs):
    """Recorded data and outputs, the latter moved a little."""
    generator = torch.Generator().manual_seed(1)
    tensors = {"x": x.double()}
    for name in ("h", "s"):
        tensors[name] = outputs.get(name, torch.randn(*LENGTHS, generator=generator, dtype=torch.float64))
    tensors |= {name: tensor.double() for name, tensor in outputs.items() if name not in tensors}
    return Probe.near(tensors, sizes_of(LENGTHS), ["h", "s"])


def drawn(kind):
    """Data of a kind."""
    generator = torch.Generator().manual_seed(0)
    if kind == "real":
        return torch.randn(*LENGTHS, generator=generator)
    if kind == "grey":
        return torch.rand(*LENGTHS, generator=generator)
    if kind == "binary":
        return (torch.rand(*LENGTHS, generator=generator) > 0.5).float()
    return torch.poisson(3 * torch.ones(*LENGTHS), generator=generator)


FORMS = {
    "gaussian": ((X - H) ** 2 / 2, "real", lambda x, h, s: law.Normal(h, 1.0), 1),
    "squares": (3 * (H - X) ** 2, "real", lambda x, h, s: law.Normal(h, 1.0), 6),
    "expanded": (H**2 - 2 * X * H + X**2, "real", lambda x, h, s: law.Normal(h, 1.0), 2),
    "laplace": (abs(X - H), "real", lambda x, h, s: law.Laplace(h, 1.0), 1),
    "bernoulli of logits": (softplus(H) - X * H, "binary", lambda x, h, s: law.Bernoulli(logits=h), 1),
    "bernoulli of grey": (softplus(H) - X * H, "grey", lambda x, h, s: law.Bernoulli(logits=h, validate_args=False), 1),
    "poisson": (xp.exp(H) - X * H, "counts", lambda x, h, s: law.Poisson(h.exp()), 1),
    "poisson with its factorial": (
        2 * (xp.exp(H) - X * H + lgamma(X + 1)),
        "counts",
        lambda x, h, s: law.Poisson(h.exp()),
        2,
    ),
    "learned variance": (
        S / 2 + (X - H) ** 2 / (2 * xp.exp(S)),
        "real",
        lambda x, h, s: law.Normal(h, (s / 2).exp()),
        1,
    ),
    "learned deviation": (S + (X - H) ** 2 / (2 * xp.exp(2 * S)), "real", lambda x, h, s: law.Normal(h, s.exp()), 1),
    "learned scale": (S + abs(X - H) * xp.exp(-S), "real", lambda x, h, s: law.Laplace(h, s.exp()), 1),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_likelihood_is_found_with_its_weight(name):
    term, kind, torchs, weight = FORMS[name]
    values = probe(drawn(kind))
    found = find_likelihood(term, AXES, values, DATA)
    assert isinstance(found, Found), found
    assert value(found.fit.weights[0], {}) == pytest.approx(weight)
    arrays = values.sets[0]
    x, h, s = (arrays[n] for n in "xhs")
    slope = torch.autograd.functional.jacobian(lambda h: -torchs(x, h, s).log_prob(x).sum(), h)
    step = 1e-6  # the quantity moves with the output as torch's -log p does
    up, down = (values.with_leaf("h", [h + d] * 4).whole(found.target.term, AXES)[0] for d in (step, -step))
    torch.testing.assert_close((up - down) / (2 * step), slope, rtol=1e-6, atol=1e-6)


FAMILIES = {
    "gaussian": ("gaussian", "Gaussian", False),
    "laplace": ("laplace", "Laplace", False),
    "bernoulli of logits": ("bernoulli", "Bernoulli", False),
    "poisson": ("poisson", "Poisson", False),
    "learned variance": ("gaussian", "Gaussian of learned variance", True),
    "learned scale": ("laplace", "Laplace of learned scale", True),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_likelihood_has_its_name_family_and_parameters(name):
    term, kind, _, _ = FORMS[name]
    found = find_likelihood(term, AXES, probe(drawn(kind)), DATA)
    assert isinstance(found, Found)
    target = found.target
    assert (target.family, target.name, target.learned) == FAMILIES[name]
    assert target.parameters[0].term is X.term
    assert names_in(target.parameters[1]) == {"h"}
    assert len(target.parameters) == (3 if target.learned else 2)


def test_a_probability_is_to_be_written_as_a_sigmoid():
    term = -(X * xp.log(H) + (1 - X) * xp.log(1 - H))
    h = 0.1 + 0.8 * torch.rand(*LENGTHS, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = find_likelihood(term, AXES, probe(drawn("binary"), h=h), DATA)
    assert isinstance(found, Rewrite)
    assert (found.term.term, found.how) == (H.term, "sigmoid")


def test_a_rate_is_to_be_written_as_an_exponential():
    h = 1 + torch.rand(*LENGTHS, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = find_likelihood(H - X * xp.log(H), AXES, probe(drawn("counts"), h=h), DATA)
    assert isinstance(found, Rewrite)
    assert (found.term.term, found.how) == (H.term, "exp")


def test_a_variance_is_to_be_written_as_an_exponential():
    s = 0.5 + torch.rand(*LENGTHS, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    term = xp.log(S) / 2 + (X - H) ** 2 / (2 * S)
    found = find_likelihood(term, AXES, probe(drawn("real"), s=s), DATA)
    assert isinstance(found, Rewrite)
    assert (found.term.term, found.how) == (S.term, "exp")


def test_a_binomial_is_found_by_its_number_of_trials():
    x = torch.randint(0, 11, LENGTHS, generator=torch.Generator().manual_seed(0)).float()
    x[0, 0] = 10
    found = find_likelihood(10 * softplus(H) - X * H, AXES, probe(x), DATA)
    assert isinstance(found, Found)
    assert found.target.name == "binomial of 10 trials"
    values = probe(x)
    wanted = -law.Binomial(10, logits=values.sets[0]["h"]).log_prob(values.sets[0]["x"])
    coefficient = torch.lgamma(torch.tensor(11.0)) - torch.lgamma(x + 1) - torch.lgamma(11 - x)
    torch.testing.assert_close(
        values.whole(found.target.term, AXES)[0], wanted + coefficient.double(), rtol=1e-6, atol=1e-6
    )


def test_a_negative_binomial_is_found():
    mean, spread = xp.exp(H), xp.exp(S)
    term = (
        lgamma(spread) + lgamma(X + 1) - lgamma(X + spread)
        - spread * (S - xp.log(mean + spread)) - X * (H - xp.log(mean + spread))
    )  # fmt: skip
    found = find_likelihood(term, AXES, probe(drawn("counts")), DATA)
    assert isinstance(found, Found)
    assert found.target.family == "negative_binomial"
    assert value(found.fit.weights[0], {}) == pytest.approx(1)


def test_a_categorical_sums_to_one_along_an_axis_that_is_no_row():
    logits = torch.randn(*LENGTHS, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    q = logits.log_softmax(1)
    one_hot = torch.nn.functional.one_hot(q.argmax(1), LENGTHS[1]).double()
    values = Probe(({"x": one_hot, "h": q},) * 2, sizes_of(LENGTHS))
    found = find_likelihood(-(X * H), AXES, values, DATA, rows=frozenset({0}))
    assert isinstance(found, Found)
    assert found.target.name == "categorical"
    assert find_likelihood(-(X * H), AXES, values, DATA, rows=frozenset({0, 1})) is None


def test_a_mask_is_found_beside_the_likelihood():
    mask = (torch.rand(*LENGTHS, generator=torch.Generator().manual_seed(4)) > 0.3).double()
    values = probe(drawn("real"), m=mask)
    found = find_likelihood(M * (X - H) ** 2, AXES, values, DATA, masks=frozenset({"m"}))
    assert isinstance(found, Found)
    assert found.target.mask is not None
    assert found.target.mask.term is M.term
    assert value(found.fit.weights[0], {}) == pytest.approx(2)


NONE = {
    "fourth power": (X - H) ** 4,
    "cosine-like": X * H,
    "square of a sum": (X + 2 * H) ** 2 * X,
    "sigmoid twice": softplus(sigmoid(H)) - X * sigmoid(H) * H,
    "of data alone": X**2,
    "number": as_term(3),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_likelihood_is_none(name):
    assert find_likelihood(NONE[name], AXES, probe(drawn("real")), DATA) is None


def test_too_few_places_are_fitted_by_nothing():
    small = Probe.near({"x": torch.randn(1, 1), "h": torch.randn(1, 1)}, sizes_of((1, 1)), ["h"])
    assert find_likelihood((X - H) ** 2, AXES, small, DATA) is None


@pytest.mark.parametrize(("name", "count"), [("gaussian", 1), ("bernoulli", 1), ("poisson", 1), ("categorical", 0)])
def test_the_families_of_a_name(name, count):
    assert [family.family for family in families(name)] == [name] * count


@pytest.mark.parametrize(
    ("name", "torchs"),
    [
        ("gaussian", lambda h: law.Normal(h, 1.0)),
        ("laplace", lambda h: law.Laplace(h, 1.0)),
        ("bernoulli", lambda h: law.Bernoulli(logits=h)),
        ("poisson", lambda h: law.Poisson(h.exp())),
    ],
)
def test_a_familys_quantity_is_minus_the_logarithm_of_torchs_density(name, torchs):
    (family,) = families(name)
    x, h = 1.0, 0.4
    term = family.target(X, H).term
    wanted = -torchs(torch.tensor(h, dtype=torch.float64)).log_prob(torch.tensor(x, dtype=torch.float64))
    assert value(term, {"x": [[x]], "h": [[h]], "i0": 0, "i1": 0}) == pytest.approx(float(wanted))
