"""KLs as people write them: the right ones are proved, with their weight; the wrong ones are refuted."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

import vaelid
from vaelid import InputError, audit, audit_kl, audit_loss
from vaelid.readings.terms.syntax import free_variables
from vaelid.spec.errors import UserCodeError
from vaelid.theory.kernel import Theorem


def in_place(mu, logvar):
    total = mu.pow(2)
    total.add_(logvar.exp())
    total.sub_(1)
    total -= logvar
    return total.sum(dim=-1).mul_(0.5).mean()


def by_distributions(mu, logvar):
    prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return kl_divergence(Normal(mu, torch.exp(0.5 * logvar)), prior).sum(-1).mean()


def by_independent(mu, std):
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    return kl_divergence(Independent(Normal(mu, std), 1), prior).mean()


def in_parts(mu, logvar):
    return 0.5 * (mu.pow(2).sum() + logvar.exp().sum() - logvar.sum() - mu.numel())


def loop_of_python(mu, logvar):
    total = 0
    for part in (logvar.exp(), mu * mu, -logvar, -torch.ones_like(mu)):
        total = total + part
    return total.sum() / 2


def by_views(mu, logvar):
    flat = (1 + logvar - mu**2 - logvar.exp()).unsqueeze(0).view(-1)
    return -0.5 * flat.sum() / len(mu)


B, L = 5, 3

RIGHT = {
    "textbook": (lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()), 1),
    "batch mean": (lambda mu, logvar: torch.mean(-0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), 1), 0), 1 / B),
    "mean of all": (lambda mu, logvar: -0.5 * torch.mean(1 + logvar - mu**2 - logvar.exp()), 1 / (B * L)),
    "by size": (lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp()) / mu.size(0), 1 / B),
    "by shape": (lambda mu, logvar: 2 * torch.sum(mu**2 - 1 - logvar + logvar.exp()) / mu.shape[1], 4 / L),
    "rows": (lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=1), 1),
    "coordinates": (lambda mu, logvar: -0.5 * (1 + logvar - mu**2 - logvar.exp()), 1),
    "beta": (lambda mu, logvar: -2.0 * torch.mean(torch.sum(1 + logvar - mu**2 - logvar.exp(), -1)), 4 / B),
    "transposed": (lambda mu, logvar: -0.5 * (1 + logvar - mu**2 - logvar.exp()).t().sum(0).mean(), 1 / B),
    "std": (lambda mu, std: (0.5 * (mu**2 + std**2 - 1) - torch.log(std)).sum(), 1),
    "log of std squared": (lambda mu, sigma: 0.5 * (mu**2 + sigma**2 - torch.log(sigma**2) - 1).sum(), 1),
    "variance": (lambda mu, var: 0.5 * (mu**2 + var - 1 - var.log()).sum(1).mean(), 1 / B),
    "log std": (lambda mu, log_std: 0.5 * (mu**2 + torch.exp(2 * log_std) - 1 - 2 * log_std).sum(1).mean(), 1 / B),
    "swapped": (lambda logvar, mu: -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp()), 1),
    "in place": (in_place, 1 / B),
    "distributions": (by_distributions, 1 / B),
    "independent": (by_independent, 1 / B),
    "in parts": (in_parts, 1),
    "loop": (loop_of_python, 1),
    "views": (by_views, 1 / B),
    "spec": (vaelid.spec.diagonal_gaussian_kl_to_standard_sum, 1),
    "mean convention": (vaelid.spec.diagonal_gaussian_kl_to_standard, 1 / L),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.every(3)
def test_a_kl_is_proved_with_its_weight(name):
    function, weight = RIGHT[name]
    found = audit_kl(function)
    assert (found.verdict, type(found.theorems[0])) == ("PROVED", Theorem), found
    assert {"B", "L"} >= {v.name for v in free_variables(found.theorems[0].statement)} - {
        "mu",
        "logvar",
        "logstd",
        "b",
        "l",
    }
    assert eval(found.weight, {"B": B, "L": L}) == pytest.approx(weight, rel=1e-12)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.every(3)
def test_the_weight_is_that_of_the_kl_of_torch_distributions(name):
    """At other sizes than those that were recorded."""
    function, weight = RIGHT[name]
    mu, logvar = torch.randn(2, B, L, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    exact = kl_divergence(Normal(mu, torch.exp(logvar / 2)), Normal(torch.zeros_like(mu), torch.ones_like(mu)))
    given = {
        "mu": mu,
        "logvar": logvar,
        "var": logvar.exp(),
        "std": torch.exp(logvar / 2),
        "sigma": torch.exp(logvar / 2),
        "log_std": logvar / 2,
    }
    names = function.__code__.co_varnames[: function.__code__.co_argcount] or ("mu", "logvar")
    names = names if set(names) <= set(given) else ("mu", "logvar")
    torch.testing.assert_close(function(*(given[n] for n in names)).sum(), weight * exact.sum())


WRONG = {
    "clamp in one place": lambda mu, logvar: torch.sum(mu**2 + logvar.exp() - logvar.clamp(-2, 2) - 1),
    "std for variance": lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu**2 - (0.5 * logvar).exp()),
    "no square": lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu - logvar.exp()),
    "square of all": lambda mu, logvar: 0.5 * torch.sum((mu + logvar.exp()) ** 2 - logvar - 1),
    "no log": lambda mu, logvar: 0.5 * torch.sum(mu**2 + logvar.exp() - 1),
    "no mean": lambda mu, logvar: 0.5 * torch.sum(logvar.exp() - logvar - 1),
    "no variance": lambda mu, logvar: 0.5 * torch.sum(mu**2 - logvar - 1),
    "sign of log": lambda mu, logvar: 0.5 * torch.sum(mu**2 + logvar.exp() + logvar - 1),
    "sign of mean": lambda mu, logvar: 0.5 * torch.sum(-(mu**2) + logvar.exp() - logvar - 1),
    "half in the wrong place": lambda mu, logvar: torch.sum(0.5 * mu**2 + logvar.exp() - logvar - 1),
    "log halved in one term": lambda mu, std: torch.sum(0.5 * (mu**2 + std**2 - 1) + torch.log(std)),
    "reversed": lambda mu, logvar: 0.5 * torch.sum((mu**2 + 1) / logvar.exp() + logvar - 1),
    "fourth power": lambda mu, logvar: 0.5 * torch.sum(mu**4 + logvar.exp() - logvar - 1),
    "arguments swapped": lambda mu, logvar: 0.5 * torch.sum(logvar**2 + mu.exp() - mu - 1),
    "prior of variance 4 in one term": lambda mu, logvar: 0.5 * torch.sum(mu**2 / 4 + logvar.exp() - logvar - 1),
    "std without its square": lambda mu, std: (0.5 * (mu**2 + std - 1) - torch.log(std)).sum(),
    "zero": lambda mu, logvar: 0 * torch.sum(1 + logvar - mu**2 - logvar.exp()),
    "minus": lambda mu, logvar: 0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp()),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.every(3)
def test_what_is_no_kl_is_refuted_with_two_numbers(name):
    found = audit_kl(WRONG[name])
    assert found.verdict == "REFUTED", found
    assert found.witness is not None
    computed = float(found.witness.computed.strip("[]").split(" ")[0])
    expected = float(found.witness.expected.strip("[]").split(" ")[0])
    assert abs(computed - expected) > 1e-3


@pytest.mark.parametrize("name", [name for name in WRONG if name != "zero"])
@pytest.mark.every(6)
def test_the_witness_is_what_torch_computes(name):
    found = audit_kl(WRONG[name])
    values = [
        torch.exp(torch.tensor(_fraction(value[3:-1]), dtype=torch.float64))
        if value.startswith("e^")
        else torch.tensor(_fraction(value), dtype=torch.float64)
        for value in found.witness.point.values()
    ]
    computed = WRONG[name](*(value.reshape(1, 1) for value in values)).item()
    assert computed == pytest.approx(float(found.witness.computed.strip("[]").split(" ")[0]), abs=1e-9)


def _fraction(written):
    top, _, bottom = written.partition("/")
    return int(top) / int(bottom or 1)


def test_a_kl_of_some_coordinates_is_refuted():
    found = audit_kl(lambda mu, logvar: torch.sum(mu[:, 1:] ** 2 + logvar[:, 1:].exp() - logvar[:, 1:] - 1))
    assert (found.verdict, found.bug) == ("REFUTED", "kl-partial")
    assert found.reason == "it is the KL of 30 of the 35 coordinates."


def test_a_standard_deviation_under_the_name_of_a_log_variance_is_named():
    found = audit_kl(lambda mu, logvar: 0.5 * (mu**2 + torch.exp(2 * logvar) - 1 - 2 * logvar).sum(1).mean())
    assert found.verdict == "REFUTED"
    assert found.reason.endswith("It is the KL if logvar is the log of the standard deviation.")
    found = audit_kl(
        lambda mu, logvar: 0.5 * (mu**2 + torch.exp(2 * logvar) - 1 - 2 * logvar).sum(1).mean(),
        roles={"logvar": "logstd"},
    )
    assert (found.verdict, found.weight) == ("PROVED", "1 / B")


def to_prior(mean, std):
    """The KL to another normal prior, by torch.distributions."""

    def kl(mu, logvar):
        prior = Normal(torch.full_like(mu, mean), torch.full_like(mu, std))
        return kl_divergence(Normal(mu, torch.exp(0.5 * logvar)), prior).sum(-1).mean()

    return kl


@pytest.mark.parametrize(
    ("function", "prior"),
    [
        (to_prior(0.0, 2.0), "N(0, 4)"),
        (to_prior(-1.5, 0.5), "N(-1.5, 0.25)"),
        (lambda mu, logvar: torch.sum(mu**2 + logvar.exp() - 2 * logvar - 1), "N(0, 2)"),
    ],
)
def test_the_kl_to_another_prior_is_not_called_wrong(function, prior):
    found = audit_kl(function)
    assert found.verdict == "UNKNOWN"
    assert found.reason.startswith(f"it is not the KL to N(0, I), but looks like one to {prior}:")


def through_foreach(mu, logvar):
    total = 1 + logvar - mu**2 - logvar.exp()
    torch._foreach_mul_([total], 3.0)
    return -0.5 * total.sum()


def through_out(mu, logvar):
    total = (1 + logvar - mu**2 - logvar.exp()).detach().clone()
    flat = total.view(-1)
    torch.add(total, total, out=total)
    return -0.5 * flat.sum() + 0 * mu.sum()


def through_numpy(mu, logvar):
    total = 1 + logvar - mu**2 - logvar.exp()
    total.detach().numpy()[:] *= 3
    return -0.5 * total.sum()


def through_a_reordered_expansion(mu, logvar):
    mixed = (mu.t().reshape(-1).expand(mu.numel()) * logvar.reshape(-1)).sum() - (mu * logvar).sum()
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum() + mixed


def through_a_number_tensor(mu, logvar):
    half = HALF.clone()
    torch._foreach_mul_([half], 3.0)
    return half * (mu**2 + logvar.exp() - logvar - 1).sum()


HALF = torch.tensor(0.5, dtype=torch.float64)


@pytest.mark.parametrize(
    "function",
    [through_foreach, through_out, through_numpy, through_a_reordered_expansion, through_a_number_tensor],
)
def test_what_changes_a_tensor_out_of_sight_is_never_proved(function):
    assert audit_kl(function).verdict == "UNKNOWN"


@pytest.mark.parametrize(
    "function",
    [
        lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.detach() ** 2 - logvar.exp()),
        lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.data**2 - logvar.exp()),
        torch.no_grad()(lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())),
    ],
    ids=["detach", "data", "no_grad"],
)
def test_a_right_value_with_a_wrong_gradient_is_refuted(function):
    found = audit_kl(function, roles={"mu": "mu", "logvar": "logvar"})
    assert found.verdict == "REFUTED"
    assert "its value is right, but not its gradient through mu: " in found.reason


def test_what_torch_cannot_differentiate_is_refuted():
    found = audit_kl(lambda mu, logvar: 0.5 * logvar.exp().add_(mu**2).sub_(1).sub_(logvar).sum())
    assert found.verdict == "REFUTED"
    assert "but torch cannot differentiate it: one of the variables" in found.reason


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda mu, logvar: (mu.unsqueeze(0) - mu.unsqueeze(1)).sum() + logvar.sum(), "one array at several rows"),
        (
            lambda mu, logvar: torch.sum((mu.long() + 1) ** 2 + logvar.exp() - logvar),
            "through _to_copy (a conversion",
        ),
        (
            lambda mu, logvar: torch.sum((mu.t().reshape(mu.shape)) ** 2 + logvar.exp() - logvar),
            "through _unsafe_view (a reshape",
        ),
        (
            lambda mu, logvar: mu.max().item() * torch.sum(mu**2 + logvar.exp() - logvar - 1),
            "the number 1.91491 became",
        ),
        (lambda mu, logvar: {"kl": mu.sum() + logvar.sum()}, "returned a dict"),
        (lambda mu, logvar: None, "returned a NoneType"),
        (
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar + (mu + 2.1).log() - (mu + 2.1).log()).sum(),
            "is not finite",
        ),
    ],
)
def test_what_cannot_be_read_is_unknown_and_says_why(function, said):
    found = audit_kl(function)
    assert found.verdict == "UNKNOWN"
    assert said in found.reason


@pytest.mark.parametrize(
    ("function", "roles", "said"),
    [
        (lambda a, b: a, None, "what is its parameter 'a'? Say so, for instance roles={'a': 'logvar'}"),
        (lambda mu, mean: mu, None, "must take a mean and one of logvar, var, std, logstd"),
        (lambda mu: mu, None, "its parameters are: mu as mu."),
        (lambda mu, logvar: mu, {"sigma": "std"}, "has no parameter 'sigma': it has mu, logvar."),
        (lambda mu, logvar: mu, {"logvar": "variance"}, "what is its parameter 'logvar'?"),
    ],
)
def test_wrong_use_is_one_message(function, roles, said):
    with pytest.raises(InputError) as caught:
        audit_kl(function, roles=roles)
    assert said in str(caught.value)


def test_what_the_function_raises_is_said():
    with pytest.raises(UserCodeError, match="the audited function raised ZeroDivisionError: division by zero"):
        audit_kl(lambda mu, logvar: 1 / 0)


def test_a_value_read_by_python_is_an_assumption():
    def kl(mu, logvar):
        total = -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())
        return total if total > 0 else total * 2

    found = audit_kl(kl)
    assert found.verdict == "PROVED"
    assert any("reads a value" in assumption for assumption in found.assumptions)
    assert __file__ in found.assumptions[0]


def test_a_clamp_that_does_nothing_is_an_assumption():
    def kl(mu, logvar):
        logvar = logvar.clamp(max=10)
        return -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())

    found = audit_kl(kl)
    assert found.verdict == "PROVED"
    assert "clamps: the theorem is of what it leaves as it is" in found.assumptions[0]


def test_a_parameter_with_a_default_is_audited_where_it_has_a_role():
    def kl(mu=None, logstd=None, verbose=False):
        return -0.5 * torch.mean(torch.sum(1 + 2 * logstd - mu**2 - logstd.exp() ** 2, dim=1))

    assert audit_kl(kl, roles={"mu": "mu", "logstd": "logstd"}).weight == "1 / B"


def test_a_claim_is_plain_data():
    data = audit_kl(RIGHT["batch mean"][0]).as_data()
    assert data["verdict"] == "PROVED"
    assert data["theorems"][0].startswith("0 < B ∧ 0 < L → ")
    assert data["weight"] == "1 / B"


def test_a_loss_that_is_no_number_has_no_verdict():
    said = r"the audited function's loss is nan: expected a finite number\. Mend what gives it"
    weight = torch.nn.Parameter(torch.ones(3))
    with pytest.raises(UserCodeError, match=said):
        audit(lambda x: (x * weight).sum() * float("nan"), torch.rand(4, 3))
    with pytest.raises(UserCodeError, match=r"the audited function's loss is inf"):
        audit(lambda x: (x * weight).sum() / 0, torch.rand(4, 3))
    with pytest.raises(UserCodeError, match=said):
        audit_loss(lambda x_hat, x, mu, logvar: (x_hat - x).sum() + (-mu.abs() - 1).log().sum() + logvar.sum())


def test_a_prior_is_declared_as_reports_write_it():
    def step(x_hat, x, mu, logvar):
        kl = 0.5 * (mu**2 / 4 + logvar.exp() / 4 - logvar).sum()
        return 0.5 * ((x_hat - x) ** 2).sum() + kl

    assert audit_loss(step).prior == "N(0, 4)"
    assert audit_loss(step, prior="N(0, 4)").verdict == "PROVED"
    found = audit_loss(step, prior="N(0, I)")
    assert found.verdict == "REFUTED"
    assert found.claim("divergence").reason == "it is the KL to N(0, 4), where N(0, I) was declared as the prior."
    with pytest.raises(InputError, match=r'prior is .standard.: expected a normal prior as "N\(0, I\)"'):
        audit_loss(step, prior="standard")


def test_a_likelihood_that_is_declared_has_to_be_known():
    said = "likelihood is 'gausian': expected one of gaussian, bernoulli, continuous_bernoulli, laplace, poisson, "
    with pytest.raises(InputError, match=said):
        audit_loss(lambda x_hat, x, mu, logvar: (x_hat - x).sum() + mu.sum() + logvar.sum(), likelihood="gausian")
