"""A step that trains by itself: what is its training, and what is its loss."""

import torch
from torch import nn

from vaelid.auditor.recording.own_training import OwnTraining


def weight():
    return nn.Parameter(torch.ones(3))


def test_a_step_that_only_returns_its_loss_does_not_train():
    with OwnTraining() as own:
        (weight() ** 2).sum()
    assert not own.trains
    assert not own.roots


def test_backward_is_seen_with_its_root_and_torch_is_as_before():
    before = torch.autograd.backward, torch.autograd.grad
    with OwnTraining() as own:
        loss = (weight() ** 2).sum()
        loss.backward()
    assert own.trains
    assert [root is loss for root in own.roots] == [True]
    assert (torch.autograd.backward, torch.autograd.grad) == before


def test_gradients_of_weights_by_autograd_grad_are_training():
    w = weight()
    with OwnTraining() as own:
        torch.autograd.grad((w**2).sum(), w)
    assert own.trains


def test_what_an_optimizer_does_is_an_update():
    w, seen = weight(), []
    optimizer = torch.optim.SGD([w], lr=0.1)
    with OwnTraining() as own:
        optimizer.register_step_pre_hook(lambda *_: seen.append(own.updates(set(), set(), set(), set())))
        (w**2).sum().backward()
        optimizer.step()
    assert seen == [True]
    assert not own.updates({1}, {2}, {3}, set())


def test_a_weight_moved_by_its_gradient_is_an_update_and_one_moved_by_data_is_none():
    own = OwnTraining()
    own.gradients = {7}
    assert own.updates({1, 7}, {1}, {1}, {1})
    assert not own.updates({1, 4}, {1}, {1}, {1})
