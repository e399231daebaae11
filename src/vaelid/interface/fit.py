"""`fit`: the training loop with a folder, a progress bar and an end that can be resumed."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from vaelid.interface.data import Data, load_data
from vaelid.interface.progress import Bar, stop_requests
from vaelid.interface.recorder import Recorder, recording
from vaelid.interface.runs import Run
from vaelid.interface.schema import check_text
from vaelid.interface.shell import suggested
from vaelid.interface.threads import Tell, Watch, checked, continued, on_stderr, silent, started, with_threads
from vaelid.spec.errors import DivergenceError, InputError
from vaelid.train.checkpoint import not_finite
from vaelid.train.loop import init, run
from vaelid.train.model import VAE
from vaelid.train.recipe import Recipe
from vaelid.train.rows import rows_of
from vaelid.train.split import Split, training_count
from vaelid.train.state import TrainState
from vaelid.train.task import Task

__all__ = ["Fit", "Interrupted", "fit", "train"]


class Interrupted(KeyboardInterrupt):
    """Training was asked to stop, and did so between two steps, with everything saved."""


@dataclass(frozen=True)
class Fit:
    """What `fit` gives back; the model itself holds the trained weights.

    Attributes:
        history: a record for each epoch: training and validation NLL and KL in nats per observation.
        kept_epoch: the epoch whose weights were kept (least validation objective); None without validation.
        seconds: time taken, of this call.
        split: which rows were training, validation and test rows.
        threads: of torch, with which the last step was computed.
    """

    history: tuple[dict[str, Any], ...]
    kept_epoch: int | None
    seconds: float
    split: Split
    threads: int


def fit(
    model: VAE,
    data: Any,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    epochs: int = 100,
    batch_size: int | None = None,
    learning_rate: float = 1e-3,
    schedule: Literal["constant", "cosine"] = "constant",
    optimizer: Literal["adam", "adamw"] = "adam",
    weight_decay: float = 0.0,
    beta: float = 1.0,
    kl_warmup: int = 0,
    clip: float | None = None,
    patience: int | None = None,
    validation: float = 0.1,
    test: float = 0.0,
    expectation: Literal["sampled", "exact"] = "sampled",
    seed: int = 0,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = True,
    checkpoint_seconds: float = 10.0,
) -> Fit:
    """Minimise the mean over rows of reconstruction NLL + beta * KL, in nats; leave the weights in `model`.

    Args:
        model: the VAE; its weights are where training starts and, at the end, what it reached.
        data: rows first: an array, tensor, map-style `Dataset` or `DataLoader` (its batch size is the
            default), or a path: .npy and .npz (memory-mapped), .csv, .parquet, a folder of images. Every
            value is checked against the likelihood's support. Training is in float32: where that rounds whole
            numbers (above 2^24), one logged line names the first of an array, file or `TensorDataset`.
        out: a folder for config.json, log.jsonl, checkpoint.safetensors and model.safetensors.
        resume: go on from the folder's checkpoint; the end is the same, bit for bit, as without the break.
        epochs: passes over the training rows.
        batch_size: rows in a step; unless given 128, or all training rows where they are fewer.
        learning_rate: of Adam.
        schedule: ``"constant"``, or ``"cosine"``: down to zero at the end.
        optimizer: ``"adam"`` or ``"adamw"``.
        weight_decay: of adamw.
        beta: the KL's weight; the objective is a negative ELBO at 1.
        kl_warmup: epochs over which the KL's weight rises from 0 to `beta`; no weights are kept before.
        clip: greatest norm of the gradient.
        patience: stop after this many epochs without a lower validation objective.
        validation: share of the rows held out to choose by: the weights of the best epoch are kept, so the
            ELBO of these rows is a little flattered.
        test: share of the rows held out and used for nothing.
        expectation: ``"exact"`` integrates the reconstruction NLL over the posterior (linear-Gaussian models).
        seed: of split, shuffling and noise: on one machine, the same seed and `threads` give the same bits.
        device: ``"auto"`` is a GPU if there is one.
        threads: of torch, while it trains. None chooses: as OMP_NUM_THREADS or ``torch.set_num_threads`` say, else by
            the size of the model and the load of the machine, and fewer where they come to wait for each other. A run
            that is resumed takes those that it had.
        progress: show a bar on standard error, when that is a terminal, and say there where load decides on threads.
        checkpoint_seconds: time between checkpoints; Ctrl-C writes one too.

    Raises `InputError` (`SupportError` for data off the support), and `DivergenceError` where the loss or its
    gradient is not finite. Ctrl-C or SIGTERM let the step in progress end and raise `Interrupted`, which is a
    KeyboardInterrupt. In both cases the last good weights are in the model and in the folder.

    Not checked: that a `Dataset` draws its own randomness reproducibly.
    """
    if batch_size is None and isinstance(data, DataLoader):
        batch_size = data.batch_size
    loaded = load_data(data)
    if batch_size is None:
        batch_size = min(128, training_count(len(loaded), validation, test))
    recipe = Recipe(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule=schedule,
        optimizer=optimizer,
        weight_decay=weight_decay,
        beta=beta,
        kl_warmup=kl_warmup,
        clip=clip,
        patience=patience,
        validation=validation,
        test=test,
        expectation=expectation,
        seed=seed,
    )
    folder = None if out is None else Run(Path(out))
    return train(
        model,
        loaded,
        recipe,
        folder=folder,
        resume=resume,
        device=device,
        threads=threads,
        progress=progress,
        checkpoint_seconds=checkpoint_seconds,
        tell=on_stderr if progress else silent,
    )


def train(
    model: VAE,
    data: Data,
    recipe: Recipe,
    *,
    folder: Run | None,
    resume: bool = False,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = True,
    checkpoint_seconds: float = 10.0,
    scale: float = 1.0,
    command: str | None = None,
    tell: Tell = silent,
) -> Fit:
    """`fit`, for arguments that are already values. `tell` takes what is to be said of threads."""
    checked(threads)
    if not checkpoint_seconds >= 0:
        raise InputError(f"checkpoint_seconds={checkpoint_seconds!r} must be a number of at least 0.")
    if folder is not None:
        check_text(command, data.source)
        folder.expect(present=resume)
    model.to(_device(device))
    if bad := not_finite(dict(model.named_parameters())):
        raise InputError(f"the model's {bad}: start from finite weights.")
    task = Task(model, recipe, rows_of(data.x, model.likelihood, shape=model.obs))
    work = _try_one_row(task) * recipe.batch_size
    start = init(task)
    if not resume:
        start = replace(start, threads=(started(threads, work, task.device, tell),))
    begun = time.monotonic()
    with recording(
        folder, task, data, start, every=checkpoint_seconds, resume=resume, scale=scale, command=command
    ) as recorder:
        if resume:
            reached = recorder.state
            recorder.state = replace(reached, threads=continued(reached.threads, threads, reached.step, tell))
        watch = Watch(recorder.state.threads, work, task.steps_per_epoch, tell)
        finished = _train(task, recorder, watch, shown=progress)
    state = recorder.state
    if not finished:
        raise Interrupted(_interruption(folder, state))
    return Fit(
        history=state.history,
        kept_epoch=state.kept.epoch if state.kept else None,
        seconds=time.monotonic() - begun,
        split=task.split,
        threads=state.threads[-1].number,
    )


def _train(task: Task, recorder: Recorder, watch: Watch, *, shown: bool) -> bool:
    """Train to the end, or until it is asked to stop; whether that was the end. The model gets the weights reached."""
    state = recorder.state
    gpus = [task.device.index or 0] if task.device.type == "cuda" else []
    try:
        with (
            with_threads(state.threads[-1].number),
            torch.random.fork_rng(devices=gpus),
            stop_requests() as stop,
            Bar(task, state, shown=shown) as bar,
        ):
            for reached in run(task, state):
                watch.sees(reached.step)
                state = replace(reached, threads=watch.spans)
                recorder.see(state)
                bar.see(state)
                if stop.is_set():
                    break
                watch.go_on()
    except DivergenceError:
        recorder.close(finished=False)
        raise
    finally:
        task.model.load_state_dict(recorder.state.result)
    finished = state.stopped or state.step >= task.total_steps
    recorder.close(finished=finished)
    return finished


def _interruption(folder: Run | None, state: TrainState) -> str:
    epochs = f"interrupted after {len(state.history)} epoch{'s' * (len(state.history) != 1)}"
    if folder is None:
        return f"{epochs}; the model holds the weights reached."
    return f"{epochs}; go on with: {suggested('vaelid', 'train', '--resume', '--out', folder.path)}"


@torch.no_grad()
def _try_one_row(task: Task) -> float:
    """Let what cannot work fail before anything is written: sizes, the user's networks, the expectation.

    Gives the floating-point operations that a row takes in a step: a backward pass takes twice those of the forward.
    """
    was_training = task.model.training
    task.model.eval()
    try:
        x = next(task.rows.batches([task.split.training[:1]]))
        with FlopCounterMode(display=False) as counter:
            task.model.elbo_terms(x.to(task.device), expectation=task.recipe.expectation)
    finally:
        task.model.train(was_training)
    return 3.0 * counter.get_total_flops()


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        float(torch.zeros((), device=device))
    except (RuntimeError, AssertionError, NotImplementedError) as cause:
        reason = str(cause).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used here ({reason}): give cpu, or auto.") from None
    return device
