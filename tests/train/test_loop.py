"""Training is a pure function of one state: it can be cut anywhere, and its end is the same bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import vaelid.spec as spec
from vaelid.spec.adam import AdamMoments
from vaelid.spec.errors import DivergenceError, InputError
from vaelid.train.checkpoint import decode_state, encode_state
from vaelid.train.loop import init, run, step
from vaelid.train.model import VAE
from vaelid.train.randomness import Stream, stream_seed
from vaelid.train.recipe import Recipe
from vaelid.train.rows import rows_of
from vaelid.train.task import Task

ROWS = np.random.default_rng(0).integers(0, 2, (70, 6)).astype(np.float32)
IDENTITY = {"run": "test"}


def drawing_networks() -> dict:
    """An encoder that draws (dropout) and keeps running means (batch norm): the hardest to resume."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 4))
    return {"encoder": encoder, "decoder": nn.Linear(2, 6)}


class Tied(nn.Module):
    """A decoder that uses the encoder's own layer, transposed."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, z):
        return z @ self.layer.weight[:2]


def tied_networks() -> dict:
    torch.manual_seed(0)
    layer = nn.Linear(6, 4)
    return {"encoder": layer, "decoder": Tied(layer)}


CASES = {
    "plain": ({}, {}),
    "learned variance, clipped, warmed up": ({"likelihood": "gaussian"}, {"clip": 0.5, "kl_warmup": 2}),
    "adamw with a cosine": ({}, {"optimizer": "adamw", "weight_decay": 0.1, "schedule": "cosine"}),
    "early stopping": ({}, {"patience": 1, "epochs": 30, "learning_rate": 0.1}),
    "without validation": ({}, {"validation": 0.0, "batch_size": 70}),
    "dropout and batch norm": (drawing_networks, {}),
    "tied weights": (tied_networks, {}),
    "exact expectation": ({"likelihood": "gaussian", "hidden": ()}, {"expectation": "exact"}),
}


def task_of(case: str) -> Task:
    networks, recipe = CASES[case]
    arguments = {"hidden": (8,), "likelihood": "bernoulli", **(networks() if callable(networks) else networks)}
    model = VAE(6, 2, seed=0, **arguments)
    settings = {"epochs": 3, "batch_size": 16, "validation": 0.2, **recipe}
    return Task(model, Recipe(**settings), rows_of(ROWS, model.likelihood))


def finish(task: Task, state):
    with torch.random.fork_rng():
        for reached in run(task, state):
            state = reached
    return state


def same_bits(left: dict, right: dict) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("case", CASES)
def test_a_run_cut_at_any_step_ends_as_the_uncut_run(case):
    uncut = finish(task_of(case), init(task_of(case)))
    steps = uncut.step
    for cut in sorted(np.random.default_rng(1).permutation(steps)[:8].tolist()):
        task = task_of(case)
        with torch.random.fork_rng():
            state = init(task)
            for state in run(task, state):
                if state.step == cut:
                    break
        torch.manual_seed(cut)  # a new process has another global generator
        resumed = finish(task_of(case), decode_state(encode_state(state, IDENTITY), IDENTITY, "checkpoint"))
        assert same_bits(uncut.weights, resumed.weights), f"cut after step {cut} of {steps}"
        assert same_bits(uncut.result, resumed.result)
        assert same_bits(uncut.moments.first, resumed.moments.first)
        assert same_bits(uncut.moments.second, resumed.moments.second)
        assert uncut.history == resumed.history
        assert (uncut.step, uncut.stopped) == (resumed.step, resumed.stopped)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    first, second = (finish(task_of("plain"), init(task_of("plain"))) for _ in range(2))
    task = task_of("plain")
    other = finish(replace(task, recipe=replace(task.recipe, seed=1)), init(task))
    assert same_bits(first.weights, second.weights)
    assert not same_bits(first.weights, other.weights)


def test_a_step_is_the_adam_update_of_the_specified_objective():
    """Against the spec's own formulas in float64: loss, gradient by autograd of the spec, Adam by the spec."""
    task = task_of("plain")
    state = init(task)
    expected = {name: tensor.double().clone() for name, tensor in state.weights.items()}
    moments = {name: AdamMoments(0 * expected[name], 0 * expected[name]) for name in state.moments.first}
    for t in range(5):
        x = ROWS[task.batches_of(0)[t % 3].numpy()]
        torch.manual_seed(stream_seed(0, Stream.NOISE, t))
        eps = torch.randn(len(x), 2).double()
        leaves = {name: expected[name].requires_grad_() for name in moments}
        hidden = spec.relu(spec.affine(leaves["encoder.0.weight"], leaves["encoder.0.bias"], torch.tensor(x).double()))
        code = spec.affine(leaves["encoder.2.weight"], leaves["encoder.2.bias"], hidden)
        z = spec.reparameterize_diag(code[:, :2], code[:, 2:], eps)
        hidden = spec.relu(spec.affine(leaves["decoder.0.weight"], leaves["decoder.0.bias"], z))
        logits = spec.affine(leaves["decoder.2.weight"], leaves["decoder.2.bias"], hidden)
        terms = spec.ElboTerms(
            -spec.likelihood("bernoulli").log_prob(torch.tensor(x).double(), logits),
            spec.diagonal_gaussian_kl_to_standard_sum(code[:, :2], code[:, 2:]),
        )
        gradients = torch.autograd.grad(spec.negative_elbo(terms).mean(), list(leaves.values()))
        for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True):
            updated, moments[name] = spec.adam_update(
                leaf.detach(), gradient, moments[name], step=t + 1, learning_rate=1e-3
            )
            expected[name] = updated
        state = step(task, state, torch.tensor(x))
    for name, tensor in expected.items():
        # five updates of size 1e-3 each: float32 rounding moves a direction by far less than 1 %
        assert (state.weights[name].double() - tensor).abs().max() < 1e-5, name


def test_an_epoch_sees_every_training_row_once_in_a_new_order():
    task = task_of("plain")
    orders = [torch.cat(task.batches_of(epoch)) for epoch in range(2)]
    for order in orders:
        assert torch.equal(order.sort().values, task.split.training.sort().values)
    assert not torch.equal(*orders)
    parts = torch.cat([task.split.training, task.split.validation, task.split.test])
    assert torch.equal(parts.sort().values, torch.arange(70))


def test_the_record_of_an_epoch_is_the_mean_over_its_rows():
    task = task_of("plain")
    state = init(task)
    nll = kl = 0.0
    for t, x in enumerate(task.rows.batches(task.batches_of(0))):
        torch.manual_seed(stream_seed(0, Stream.NOISE, t))
        task.model.load_state_dict(state.weights)
        terms = task.model.elbo_terms(x, torch.randn(len(x), 2))
        nll += float(terms.reconstruction_nll.detach().double().sum())
        kl += float(terms.kl_posterior_prior.detach().double().sum())
        state = step(task, state, x)
    recorded = next(s for s in run(task, init(task_of("plain"))) if s.history).history[0]["training"]
    assert recorded["reconstruction_nll"] == pytest.approx(nll / 56, rel=1e-6)
    assert recorded["kl"] == pytest.approx(kl / 56, rel=1e-6)


def test_the_weights_kept_are_those_of_the_least_validation_objective():
    end = finish(task_of("early stopping"), init(task_of("early stopping")))
    objectives = [r["validation"]["reconstruction_nll"] + r["validation"]["kl"] for r in end.history]
    assert end.stopped
    assert len(objectives) < 30
    assert end.kept.epoch == int(np.argmin(objectives)) + 1
    assert end.kept.objective == min(objectives)
    assert len(objectives) == end.kept.epoch + 1  # patience 1


def test_divergence_leaves_the_last_good_state_as_it_was():
    networks = drawing_networks()
    model = VAE(6, 2, likelihood="gaussian", **networks)
    task = Task(model, Recipe(batch_size=35, validation=0.0, learning_rate=1e30), rows_of(ROWS, model.likelihood))
    good = [init(task)]

    def train_until_it_diverges():
        for _ in range(5):
            good.append(step(task, good[-1], torch.tensor(ROWS[:35])))
            before.update({name: tensor.detach().clone() for name, tensor in good[-1].weights.items()})

    before: dict[str, torch.Tensor] = {}
    with pytest.raises(DivergenceError, match=r"training diverged at step \d+ \(epoch 1\): .*Lower the learning rate"):
        train_until_it_diverges()
    assert same_bits(before, {name: tensor.detach() for name, tensor in good[-1].weights.items()})
    assert all(bool(tensor.isfinite().all()) for tensor in before.values())


def test_data_of_another_shape_than_the_model_are_refused():
    model = VAE((2, 3), 2)
    with pytest.raises(InputError) as error:
        Task(model, Recipe(), rows_of(ROWS, model.likelihood))
    assert str(error.value) == (
        "the data's observations have shape (6,), the model's (2, 3): reshape the data to (rows, 2, 3), "
        "or give obs=(6,)."
    )


def test_a_checkpoint_that_was_altered_or_cut_is_refused():
    task = task_of("plain")
    whole = encode_state(init(task), IDENTITY)
    for damaged in (whole[:-1], whole[:100], whole[:4], b"", whole[:-5] + b"\x00\x01\x02\x03\x04"):
        with pytest.raises(InputError, match="checkpoint is damaged: it is cut short or was altered"):
            decode_state(damaged, IDENTITY, "checkpoint")
    with pytest.raises(InputError, match=r"other settings \(run differ\)"):
        decode_state(whole, {"run": "another"}, "checkpoint")
