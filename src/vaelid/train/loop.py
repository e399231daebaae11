"""Training as pure functions: `init` makes the state, `step` takes it a batch further, `run` to the end."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

import vaelid.spec as spec
from vaelid.spec.adam import AdamMoments
from vaelid.spec.errors import DivergenceError
from vaelid.train.adam import adam_update_
from vaelid.train.randomness import Stream, seed_global_generators, standard_normal, stream_seed
from vaelid.train.state import BestWeights, TrainState
from vaelid.train.task import Task, holding
from vaelid.train.threads import Span

__all__ = ["check_progress", "init", "run", "step"]


def init(task: Task) -> TrainState:
    """The state before the first step: copies of the model's weights, moments at zero, torch's threads."""
    weights = {name: tensor.detach().clone() for name, tensor in task.model.state_dict().items()}
    trained = sorted(name for name, parameter in task.model.named_parameters() if parameter.requires_grad)
    first = {name: torch.zeros_like(weights[name]) for name in trained}
    second = {name: torch.zeros_like(weights[name]) for name in trained}
    return TrainState(weights, AdamMoments(first, second), threads=(Span(0, torch.get_num_threads(), "environment"),))


def step(task: Task, state: TrainState, x: Tensor) -> TrainState:
    """One optimiser step on the batch x. The old state's tensors are donated: they must not be used again.

    The noise of step t is `torch.randn(B, L)` after `torch.manual_seed(stream_seed(seed, NOISE, t))`, which
    also seeds layers that draw, such as dropout. Raises `DivergenceError`, leaving the state as it was, where
    the loss or the gradient is not finite.
    """
    recipe = task.recipe
    trained = {name: state.weights[name].requires_grad_() for name in state.moments.first}
    beta = recipe.beta_at(state.step / task.steps_per_epoch)
    seed_global_generators(stream_seed(recipe.seed, Stream.NOISE, state.step), task.device)
    eps = torch.randn(len(x), task.model.latent).to(task.device)
    # a forward pass may write into buffers (batch norm does), so it gets copies of all that is not trained
    weights = {name: tensor if name in trained else tensor.clone() for name, tensor in state.weights.items()}
    with holding(task, weights) as model:
        terms = model.elbo_terms(x.to(task.device), eps, expectation=recipe.expectation)
    means = spec.ElboTerms(terms.reconstruction_nll.mean(), terms.kl_posterior_prior.mean())
    loss = spec.beta_negative_elbo(beta, means)
    gradients = list(torch.autograd.grad(loss, list(trained.values())))
    for tensor in trained.values():
        tensor.requires_grad_(False)

    norm = float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients])))
    nll, kl = means.reconstruction_nll.item(), means.kl_posterior_prior.item()
    if not (math.isfinite(nll + beta * kl) and math.isfinite(norm)):
        raise _diverged(task, state, f"reconstruction NLL {nll:g} nats, KL {kl:g} nats, gradient norm {norm:g}")
    rate = recipe.learning_rate_at(state.step / task.total_steps)
    if not _stays_finite(task, trained, norm if recipe.clip is None else min(norm, recipe.clip), rate):
        raise _diverged(task, state, f"its update, of a gradient of norm {norm:g}, would leave the range of floats")
    if recipe.clip is not None and norm > recipe.clip:
        for gradient in gradients:
            gradient.mul_(recipe.clip / norm)
    moments = AdamMoments(list(state.moments.first.values()), list(state.moments.second.values()))
    adam_update_(
        list(trained.values()),
        gradients,
        moments,
        step=state.step + 1,
        learning_rate=rate,
        weight_decay=recipe.weight_decay,
    )
    seen = {
        "rows": len(x),
        "reconstruction_nll": nll * len(x),
        "kl": kl * len(x),
        "gradient_norm": norm,
    }
    tied = {place.name: weights[place.first].clone() for place in task.places if place.name != place.first}
    sums = {name: state.sums.get(name, 0.0) + value for name, value in seen.items()}
    return replace(state, weights=weights | tied, step=state.step + 1, sums=sums)


def _stays_finite(task: Task, trained: dict[str, Tensor], norm: float, rate: float) -> bool:
    """Whether the update is sure to leave weights and moments finite: asked before, since it is done in place.

    |w'| <= |1 - lr wd| |w| + 7.3 lr, since |m / (1 - b1^t)| / sqrt(v / (1 - b2^t)) is at most 7.3 for b1 = 0.9 and
    b2 = 0.999 (Cauchy and Schwarz; it grows with t). The kernel multiplies lr / (1 - b1) = 10 lr with the first
    moment before it divides, and the second moment is at most the largest squared norm.
    """
    limit = min(torch.finfo(weight.dtype).max for weight in trained.values())
    if norm**2 >= limit or 16 * rate * max(1.0, norm) >= limit:
        return False
    growth = abs(1 - rate * task.recipe.weight_decay)
    # reading all weights takes time; by updates below 1e-8 of the limit no run gets there
    if growth <= 1 and 8 * rate <= 1e-8 * limit:
        return True
    return growth * _largest(trained) + 8 * rate < limit


def _largest(weights: dict[str, Tensor]) -> float:
    return max(float(tensor.abs().max()) for tensor in weights.values() if tensor.numel())


def _diverged(task: Task, state: TrainState, what: str) -> DivergenceError:
    epoch = state.step // task.steps_per_epoch + 1
    return DivergenceError(
        f"training diverged at step {state.step + 1} (epoch {epoch}): {what}; the largest weight is "
        f"{_largest(state.weights):.3g}. "
        f"The weights of the step before are kept. Lower the learning rate (now {task.recipe.learning_rate:g}), "
        "clip the gradient (clip=100, say), or warm the KL up."
    )


def run(task: Task, state: TrainState) -> Iterator[TrainState]:
    """Train to the end, giving the state after each step; at an epoch's end `history` has grown.

    Where the validation rows of an epoch have no finite objective, its last state is given without a record of the
    epoch before `DivergenceError` is raised; a run that is resumed from there ends the epoch first.
    """
    if state.sums and state.step % task.steps_per_epoch == 0:
        state = _end_epoch(task, state)
        yield state
    while state.step < task.total_steps and not state.stopped:
        epoch, done = divmod(state.step, task.steps_per_epoch)
        for x in task.rows.batches(task.batches_of(epoch)[done:]):
            state = step(task, state, x)
            if state.step % task.steps_per_epoch == 0:
                try:
                    state = _end_epoch(task, state)
                except DivergenceError:
                    yield state
                    raise
            yield state


def _end_epoch(task: Task, state: TrainState) -> TrainState:
    """Log the epoch; with validation rows, measure them, keep the best weights and count the patience."""
    recipe, epoch = task.recipe, state.step // task.steps_per_epoch
    rows = state.sums["rows"]
    record: dict[str, Any] = {
        "epoch": epoch,
        "step": state.step,
        "beta": recipe.beta_at((state.step - 1) / task.steps_per_epoch),
        "learning_rate": recipe.learning_rate_at((state.step - 1) / task.total_steps),
        "gradient_norm": state.sums["gradient_norm"] / task.steps_per_epoch,
        "training": {
            "reconstruction_nll": state.sums["reconstruction_nll"] / rows,
            "kl": state.sums["kl"] / rows,
        },
    }
    state = replace(state, sums={})
    if not recipe.validation:
        return replace(state, history=(*state.history, record))
    record["validation"] = measured = _validate(task, state)
    objective = measured["reconstruction_nll"] + recipe.beta * measured["kl"]
    if not all(math.isfinite(value) for value in (objective, *measured.values())):
        nll, kl = measured["reconstruction_nll"], measured["kl"]
        before = replace(state, step=state.step - 1)
        raise _diverged(task, before, f"on validation rows, reconstruction NLL {nll:g} nats, KL {kl:g} nats")
    warm = epoch >= recipe.kl_warmup
    kept = state.kept
    if warm and (kept is None or objective < kept.objective):
        copy = {name: tensor.clone() for name, tensor in state.weights.items()}
        kept = BestWeights(epoch=epoch, objective=objective, weights=copy)
    stale = epoch - kept.epoch if kept else 0
    stopped = recipe.patience is not None and stale >= recipe.patience
    return replace(state, history=(*state.history, record), kept=kept, stopped=stopped)


@torch.no_grad()
def _validate(task: Task, state: TrainState) -> dict[str, float]:
    """Means over the validation rows, in nats, with the same noise at every epoch."""
    recipe = task.recipe
    index_batches = task.split.validation.split(max(recipe.batch_size, 512))
    was_training = task.model.training
    task.model.eval()
    nll, kl = [], []
    for number, x in enumerate(task.rows.batches(index_batches)):
        eps = standard_normal(torch.empty(len(x), task.model.latent), recipe.seed, Stream.VALIDATION, number)
        with holding(task, state.weights) as model:
            terms = model.elbo_terms(x.to(task.device), eps.to(task.device), expectation=recipe.expectation)
        nll.append(terms.reconstruction_nll.double().cpu())
        kl.append(terms.kl_posterior_prior.double().cpu())
    task.model.train(was_training)
    nll_rows, kl_rows = torch.cat(nll), torch.cat(kl)
    negative_elbo = nll_rows + kl_rows
    spread = negative_elbo.std(correction=1) if len(negative_elbo) > 1 else torch.tensor(0.0)
    return {
        "reconstruction_nll": float(nll_rows.mean()),
        "kl": float(kl_rows.mean()),
        "elbo": -float(negative_elbo.mean()),
        "elbo_standard_error": float(spread) / math.sqrt(len(negative_elbo)),
    }


def check_progress(task: Task, state: TrainState) -> str | None:
    """What is wrong with a state that was stored, if `init(task)` cannot lead to it; None where nothing is."""
    epochs, done = divmod(state.step, task.steps_per_epoch)
    if state.step and not done and state.sums:  # its validation rows had no finite objective
        epochs, done = epochs - 1, task.steps_per_epoch
    recipe, kept = task.recipe, state.kept
    if state.step > task.total_steps:
        return f"step {state.step} is beyond the {task.total_steps} of the run"
    if [record["epoch"] for record in state.history] != list(range(1, epochs + 1)):
        return f"its history is not that of {epochs} epochs, at step {state.step}"
    if any(("validation" in record) != bool(recipe.validation) for record in state.history):
        return "its history has validation rows where the recipe has none, or none where it has some"
    if bool(state.sums) != bool(done):
        return f"it has {'no ' * bool(done)}sums of a part of an epoch, at step {state.step}"
    first = max(1, recipe.kl_warmup)
    if (kept is not None) != bool(recipe.validation and epochs >= first):
        return f"weights were{' not' * (kept is None)} kept in {epochs} epochs"
    if kept is not None and not first <= kept.epoch <= epochs:
        return f"the weights of epoch {kept.epoch} were kept in {epochs} epochs"
    steps = [span.step for span in state.threads]
    if steps[0] != 0 or steps != sorted(steps) or steps[-1] > state.step:
        return f"its threads are given for the steps {steps}, at step {state.step}"
    return None
