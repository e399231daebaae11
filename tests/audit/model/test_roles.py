"""Roles of arguments: read from their names, or from what the user says; the variance that each means."""

import pytest
import torch

from vaelid.auditor.model.roles import LOSS_ROLES, ROLES, GaussianRoles, SpreadRole, roles_of, roles_of_loss
from vaelid.spec.errors import InputError

NAMES = {
    "mu": ["mu", "mean", "loc", "z_mean", "q_mu", "mu_z", "means", "MU"],
    "logvar": ["logvar", "log_var", "log_variance", "log_sigma2", "logsigma_sq", "lv", "z_logvar", "log_sigma_squared"],
    "var": ["var", "variance", "sigma2", "sigma_sq", "z_var"],
    "std": ["std", "sigma", "scale", "stddev", "q_std"],
    "logstd": ["logstd", "log_std", "log_sigma", "logscale", "z_log_sigma"],
}
LOSS_NAMES = {
    **NAMES,
    "x": ["x", "data", "target", "inputs", "original", "images", "batch", "x_true"],
    "x_hat": ["x_hat", "recon", "recon_x", "x_recon", "output", "y_hat", "decoded", "pred", "xhat", "reconstruction"],
    "logits": ["logits", "x_logits", "dec_logits"],
    "x_logvar": ["x_logvar", "dec_log_var", "out_logvar"],
    "x_std": ["x_std", "dec_sigma"],
    "number": ["beta", "alpha", "kl_weight", "gamma"],
}


class Unsigned:
    """A callable whose signature cannot be read."""

    __signature__ = "none"

    def __call__(self, *_):
        return 0


def function_of(*names):
    """A function with these parameters."""
    return eval(f"lambda {', '.join(names)}: 0")


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in NAMES.items() for name in names])
def test_a_role_is_read_from_a_name(role, name):
    other = "logvar" if role == "mu" else "mu"
    found = roles_of(function_of(name, other), {})
    assert found.of[name].name == role
    assert list(found.of) == [name, other]
    assert {found.mean, found.spread} == {name, other}


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in LOSS_NAMES.items() for name in names])
def test_a_role_of_a_loss_is_read_from_a_name(role, name):
    others = [n for n in ("x", "mu") if n != role]
    assert roles_of_loss(function_of(name, *others), {})[name].name == role


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if isinstance(role, SpreadRole)])
def test_the_log_variance_of_a_role_is_that_of_the_normal_law_it_means(name):
    role = ROLES[name]
    assert isinstance(role, SpreadRole)
    variable = torch.linspace(-2, 2, 9, dtype=torch.float64)
    argument = role.argument(variable)
    deviation = {
        "logvar": lambda v: torch.exp(v / 2),
        "var": torch.sqrt,
        "std": lambda v: v,
        "logstd": torch.exp,
    }[name](argument)
    law = torch.distributions.Normal(torch.zeros_like(variable), deviation)
    torch.testing.assert_close(role.log_variance(variable), law.variance.log())


@pytest.mark.parametrize(
    ("said", "meant"), [("logvar", "logstd"), ("var", "std"), ("std", "var"), ("logstd", "logvar")]
)
def test_what_a_role_is_mistaken_for_is_its_other_power(said, meant):
    roles = roles_of(function_of("mu", "s"), {"s": said})
    other = roles.meant_otherwise()
    assert isinstance(other, GaussianRoles)
    assert (other.mean, other.spread, other.spread_role.name) == ("mu", "s", meant)
    assert other.of["mu"] is roles.of["mu"]
    assert roles.spread_role.name == said


def test_what_the_user_says_goes_before_the_name():
    assert roles_of(function_of("mu", "logvar"), {"logvar": "std"}).spread_role.name == "std"
    assert roles_of_loss(function_of("x", "mu", "x_hat"), {"x_hat": "logits"})["x_hat"].name == "logits"


def test_a_parameter_with_a_default_counts_only_if_it_is_told():
    def kl(mu, logvar, scale=1.0):
        return mu

    assert list(roles_of(kl, {}).of) == ["mu", "logvar"]

    def loss(x, mu, beta=1.0):
        return x

    assert list(roles_of_loss(loss, {})) == ["x", "mu"]
    assert list(roles_of_loss(loss, {"beta": "number"})) == ["x", "mu", "beta"]


@pytest.mark.parametrize(
    ("names", "told", "said"),
    [
        (("a", "mu"), {}, "what is its parameter 'a'"),
        (("mu", "logvar"), {"sigma": "std"}, "has no parameter 'sigma': it has mu, logvar"),
        (("mu", "mean"), {}, "must take a mean and one of logvar, var, std, logstd"),
        (("logvar", "std"), {}, "must take a mean"),
        (("mu", "logvar", "std"), {}, "must take a mean"),
        (("mu", "logvar"), {"logvar": "spread"}, "what is its parameter 'logvar'"),
    ],
)
def test_unclear_roles_of_two_arguments_are_one_message(names, told, said):
    with pytest.raises(InputError, match=said):
        roles_of(function_of(*names), told)


@pytest.mark.parametrize(
    ("names", "told", "said"),
    [
        (("x", "mu", "whatever"), {}, "what is its parameter 'whatever'? Say so, for instance whatever='x_hat'"),
        (("x", "x_hat"), {}, r"must take one mean; its parameters are: x as x, x_hat as x_hat"),
        (("x", "data", "mu"), {}, "must take one data"),
        (("x", "mu"), {"y": "x"}, "has no parameter 'y'"),
    ],
)
def test_unclear_roles_of_a_loss_are_one_message(names, told, said):
    with pytest.raises(InputError) as caught:
        roles_of_loss(function_of(*names), told)
    assert said in str(caught.value)


def test_a_function_without_a_signature_is_refused():
    for roles in (roles_of, roles_of_loss):
        with pytest.raises(InputError, match="has no signature to read: wrap it in a function"):
            roles(Unsigned(), {})


def test_every_role_has_its_name():
    assert all(name == role.name for name, role in LOSS_ROLES.items())
    assert set(ROLES) < set(LOSS_ROLES)
