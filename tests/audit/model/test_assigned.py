"""What roles say of arguments: the posterior has the variance that torch's own laws give the argument."""

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.model.assigned import alike, argument_element, assigned_by, mean_and_spread
from vaelid.auditor.model.roles import roles_of_loss
from vaelid.auditor.recording.calls import Call
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..made import formula_of_loss, squares
from ..numbers_of_terms import value


def loss_of(spread):
    """A loss with this argument for the variance."""
    source = f"lambda x_hat, x, mu, {spread}: squares(x_hat, x) + (mu**2).sum() + {spread}.sum()"
    return eval(source, {"squares": squares})


VARIANCES = {
    "logvar": lambda v: v.exp(),
    "var": lambda v: v,
    "std": lambda v: v**2,
    "logstd": lambda v: (2 * v).exp(),
}


@pytest.mark.parametrize("spread", VARIANCES)
def test_the_posterior_has_the_variance_that_its_argument_means(spread):
    run, roles = formula_of_loss(loss_of(spread))
    found = assigned_by(roles, run)
    arrays = {name: leaf.tensor.detach().numpy() for name, leaf in run.reading.leaves.items()}
    numbers = arrays | {f"i{axis}": 0 for axis in range(len(run.reading.axes.lengths))}
    argument = run.reading.leaves[spread].tensor[0, 0].detach()
    wanted = float(VARIANCES[spread](argument))
    posterior = found.posterior
    if posterior.positive is not None:  # e^t stands for it: t is the logarithm of its value
        (name,) = names_in(posterior.log_variance)
        numbers[name] = [[float(torch.tensor(value(posterior.positive, numbers)).log())]]
    assert value(xp.exp(posterior.log_variance), numbers) == pytest.approx(wanted, rel=1e-6)
    assert value(posterior.mean, numbers) == pytest.approx(float(arrays["mu"][0, 0]))


def test_data_and_outputs_are_told_apart():
    run, roles = formula_of_loss(loss_of("logvar"))
    found = assigned_by(roles, run)
    assert (found.data, found.outputs) == ({"x"}, {"x_hat"})


def test_without_a_spread_the_variance_is_one():
    run, roles = formula_of_loss(lambda x_hat, x, mu: squares(x_hat, x) + (mu**2).sum())
    assert mean_and_spread(roles) == ("mu", None)
    posterior = assigned_by(roles, run).posterior
    assert value(posterior.log_variance, {"mu": [[3.0]], "i0": 0, "i1": 0, **_places(run)}) == 0


def _places(run):
    return {f"i{axis}": 0 for axis in range(len(run.reading.axes.lengths))}


def test_mean_and_spread_of_one_shape_have_one_pair_of_axes():
    roles = roles_of_loss(lambda x, mu, logvar: 0, {})
    same = Call((), {"x": torch.rand(2, 5), "mu": torch.rand(2, 3), "logvar": torch.rand(2, 3)})
    other = Call((), {"x": torch.rand(2, 5), "mu": torch.rand(2, 3), "logvar": torch.rand(2, 1)})
    assert alike(roles, same) == (("mu", "logvar"),)
    assert alike(roles, other) == ()


def test_the_element_of_an_argument_is_at_its_own_indices():
    run, _ = formula_of_loss(loss_of("logvar"))
    mu, logvar = argument_element(run, "mu"), argument_element(run, "logvar")
    assert mu.term.arguments[1:] == logvar.term.arguments[1:]
    assert mu.term is not argument_element(run, "x").term
