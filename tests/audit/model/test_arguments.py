"""Calls with random numbers: of the shapes that roles ask for, the same in every audit."""

import itertools

import pytest
import torch

from vaelid.auditor.model.arguments import (
    KL_SHAPES,
    call_of_inputs,
    kl_call,
    kl_variables,
    random_calls,
    sampler_call,
)
from vaelid.auditor.model.roles import roles_of, roles_of_loss
from vaelid.spec.errors import InputError, UserCodeError

KL = roles_of(lambda mu, std: 0, {}).of
LOSS = roles_of_loss(lambda x_hat, x, mu, logvar, beta: 0, {})


def test_all_sizes_of_a_kl_differ():
    assert len({size for shape in KL_SHAPES for size in shape}) == 4


@pytest.mark.parametrize("shape", KL_SHAPES)
def test_a_call_of_a_kl_is_made_of_its_variables(shape):
    variables, call = kl_variables(KL, shape), kl_call(KL, shape)
    assert set(variables) == {"mu", "logstd"}
    assert list(call.tensors) == ["mu", "std"]
    torch.testing.assert_close(call.tensors["std"], variables["logstd"].exp().detach(), check_stride=False)
    torch.testing.assert_close(call.tensors["mu"], variables["mu"].detach())
    assert all(t.shape == shape and t.dtype == torch.float64 and t.requires_grad for t in call.tensors.values())
    assert all(t.is_leaf for t in call.tensors.values())


def test_calls_are_the_same_each_time_and_differ_by_size():
    one, again, other = kl_call(KL, (5, 7)), kl_call(KL, (5, 7)), kl_call(KL, (11, 13))
    assert torch.equal(one.tensors["mu"], again.tensors["mu"])
    assert not torch.equal(one.tensors["mu"], other.tensors["mu"][:5, :7])


@pytest.mark.parametrize(("name", "positive"), [("logvar", False), ("std", True), ("var", True), ("logstd", False)])
def test_a_sampler_is_given_what_its_roles_allow(name, positive):
    call = sampler_call(roles_of(eval(f"lambda mu, {name}: 0"), {}).of)
    spread = call.tensors[name]
    assert bool((spread > 0).all()) is positive
    assert spread.requires_grad
    assert call.arguments[1] is spread


def test_the_first_calls_of_a_loss_are_vectors():
    calls = next(iter(random_calls(LOSS, 0.5)))
    assert [tuple(call.tensors["x"].shape) for call in calls] == [(5, 7), (11, 13)]
    assert [tuple(call.tensors["mu"].shape) for call in calls] == [(5, 3), (11, 4)]
    assert all(call.arguments[-1] == 0.5 for call in calls)
    assert all("beta" not in call.tensors for call in calls)


def test_data_are_grey_then_binary_then_images():
    tries = list(random_calls(LOSS, 1.0))
    grey, binary, *images = [calls[0].tensors["x"] for calls in tries]
    assert bool(((grey > 0) & (grey < 1)).all())
    assert bool(((binary == 0) | (binary == 1)).all())
    assert tuple(images[0].shape[1:]) == (784,)
    assert all(image.shape[0] == 5 for image in images)


def test_data_have_no_gradient_and_all_else_may_be_written_into():
    call = next(iter(random_calls(LOSS, 1.0)))[0]
    assert not call.tensors["x"].requires_grad
    for name in ("x_hat", "mu", "logvar"):
        tensor = call.tensors[name]
        assert tensor.requires_grad
        assert not tensor.is_leaf
        tensor.mul_(2.0)


def test_all_sizes_of_the_two_calls_differ():
    one, other = next(iter(random_calls(LOSS, 1.0)))
    sizes = [n for call in (one, other) for n in (*call.tensors["x"].shape, call.tensors["mu"].shape[1])]
    assert all(a != b for a, b in itertools.combinations(sizes, 2))


def test_the_users_inputs_are_taken_in_the_order_of_the_roles():
    roles = roles_of_loss(lambda x_hat, x, mu: 0, {})
    given = (torch.rand(2, 3), torch.rand(2, 3), torch.rand(2, 4))
    call = call_of_inputs(roles, lambda: given)
    assert call.arguments[1] is given[1]
    assert torch.equal(call.arguments[0], given[0])
    assert call.arguments[0] is not given[0]
    assert call.arguments[0].requires_grad
    assert not given[0].requires_grad


def test_inputs_that_are_no_floats_stay_as_they_are():
    roles = roles_of_loss(lambda x, mu, x_hat: 0, {})
    whole, number = torch.arange(3), 2.0
    call = call_of_inputs(roles, lambda: (torch.rand(3), whole, number))
    assert call.arguments[1] is whole
    assert call.arguments[2] == 2.0
    assert set(call.tensors) == {"x", "mu"}


@pytest.mark.parametrize("returned", [(), (1,), (1, 2, 3, 4), 5])
def test_too_many_or_too_few_inputs_are_one_message(returned):
    roles = roles_of_loss(lambda x, mu, x_hat: 0, {})
    with pytest.raises(InputError, match=r"arguments, and 3 are wanted: x, mu, x_hat\."):
        call_of_inputs(roles, lambda: returned)


def test_what_the_inputs_raise_is_the_users():
    with pytest.raises(UserCodeError, match="raised ValueError: no data"):
        call_of_inputs(LOSS, _no_data)


def _no_data():
    raise ValueError("no data")
