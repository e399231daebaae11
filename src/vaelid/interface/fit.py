"""`fit`: the training loop with a folder, a progress bar and an end that can be resumed."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from vaelid.interface.data import Data, load_data
from vaelid.interface.runs import Run, describe_run
from vaelid.interface.threads import Tell, Watch, checked, continued, on_stderr, silent, started, with_threads
from vaelid.spec.errors import DivergenceError, InputError
from vaelid.train.loop import Task, init, run
from vaelid.train.model import VAE
from vaelid.train.recipe import Recipe
from vaelid.train.rows import rows_of
from vaelid.train.split import Split, training_count
from vaelid.train.state import TrainState

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
            value is checked against the likelihood's support.
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
        folder.expect(present=resume)
    model.to(_device(device))
    task = Task(model, recipe, rows_of(data.x, model.likelihood, shape=model.obs))
    work = _try_one_row(task) * recipe.batch_size
    state = init(task)
    if not resume:
        state = replace(state, threads=(started(threads, work, task.device, tell),))
    if folder is not None:
        state = _open_folder(folder, task, data, state, resume=resume, scale=scale, command=command)
    if resume:
        before = state.threads or (started(threads, work, task.device, tell),)
        state = replace(state, threads=continued(before, threads, state.step, tell))
    watch = Watch(state.threads, work, task.steps_per_epoch, tell)
    begun = time.monotonic()
    recorder = _Recorder(task, data, folder, state, checkpoint_seconds)
    gpus = [task.device.index or 0] if task.device.type == "cuda" else []
    try:
        with (
            with_threads(state.threads[-1].count),
            torch.random.fork_rng(devices=gpus),
            _stop_requests() as stop,
            _Bar(task, state, shown=progress) as bar,
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
        model.load_state_dict(recorder.state.result)
    finished = state.stopped or state.step >= task.total_steps
    recorder.close(finished=finished)
    if not finished:
        raise Interrupted(_interruption(folder, state))
    return Fit(
        history=state.history,
        kept_epoch=state.kept.epoch if state.kept else None,
        seconds=time.monotonic() - begun,
        split=task.split,
        threads=state.threads[-1].count,
    )


def _interruption(folder: Run | None, state: TrainState) -> str:
    epochs = f"interrupted after {len(state.history)} epoch{'s' * (len(state.history) != 1)}"
    if folder is None:
        return f"{epochs}; the model holds the weights reached."
    return f"{epochs}; go on with: vaelid train --resume --out {folder.path}"


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


def _open_folder(
    folder: Run, task: Task, data: Data, state: TrainState, *, resume: bool, scale: float, command: str | None
) -> TrainState:
    """Start or resume the folder, and give the state to go on from."""
    if resume:
        folder.config()  # of this format
        state = folder.checkpoint(task, data)
    else:
        folder.create()
        folder.write_checkpoint(task, data, state)  # the start itself can be resumed: its weights may be anyone's
        threads = state.threads[-1].count
        folder.write_config(describe_run(task, data, scale=scale, command=command, threads=threads))
    folder.align_log(state.history)
    return state


class _Recorder:
    """Writes the log and the checkpoints of a run's folder; holds the last good state."""

    def __init__(self, task: Task, data: Data, folder: Run | None, state: TrainState, every: float) -> None:
        self.task, self.data, self.folder, self.state, self.every = task, data, folder, state, every
        self.started = self.logged = self.saved = time.monotonic()

    def see(self, state: TrainState) -> None:
        """Log a new epoch; checkpoint when it is time."""
        now = time.monotonic()
        new_epoch = len(state.history) > len(self.state.history)
        self.state = state
        if self.folder is None:
            return
        if new_epoch:
            seconds, self.logged = now - self.logged, now
            rate = len(self.task.split.training) / seconds
            timing = {"seconds": round(seconds, 4), "rows_per_second": round(rate, 1)}
            self.folder.append_log({**state.history[-1], **timing})
        if now - self.saved >= self.every:
            self.folder.write_checkpoint(self.task, self.data, state)
            self.saved = time.monotonic()

    def close(self, *, finished: bool) -> None:
        """Write the checkpoint, the model, and the result into config.json."""
        if self.folder is None:
            return
        self.folder.write_checkpoint(self.task, self.data, self.state)
        self.folder.write_model(self.state.result)
        self.folder.write_config(
            {
                **self.folder.config(),
                "result": {
                    "finished": finished,
                    "epochs": len(self.state.history),
                    "steps": self.state.step,
                    "kept_epoch": self.state.kept.epoch if self.state.kept else None,
                    "seconds": round(sum(record.get("seconds", 0.0) for record in self.folder.log()), 3),
                },
            }
        )


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, so that the step in progress ends; a second one stops at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def request(number: int, frame: Any) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Bar:
    """Rows done over all epochs, with the terms of the present epoch so far, in nats."""

    def __init__(self, task: Task, state: TrainState, *, shown: bool) -> None:
        self.task, self.step = task, state.step
        per_epoch = len(task.split.training)
        epochs, steps = divmod(state.step, task.steps_per_epoch)
        self.bar = tqdm(
            total=per_epoch * task.recipe.epochs,
            initial=per_epoch * epochs + steps * task.recipe.batch_size,
            unit=" rows",
            unit_scale=True,
            disable=None if shown else True,
            dynamic_ncols=True,
            mininterval=0.2,
        )

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.close()

    def see(self, state: TrainState) -> None:
        """Advance by the batch just done."""
        if self.bar.disable:
            return
        if not state.sums:  # the epoch has just ended: its record has the means, the bar what is left of its rows
            self.bar.update(len(self.task.split.training) * len(state.history) - self.bar.n)
            means = state.history[-1]["training"]
        else:
            self.bar.update(self.task.recipe.batch_size)
            means = {name: state.sums[name] / state.sums["rows"] for name in ("reconstruction_nll", "kl")}
        epoch = (state.step - 1) / self.task.steps_per_epoch
        nll, kl = means["reconstruction_nll"], means["kl"]
        self.bar.set_description(f"epoch {int(epoch) + 1}/{self.task.recipe.epochs}", refresh=False)
        self.bar.set_postfix_str(
            f"NLL {nll:.2f}, KL {kl:.2f}, beta {self.task.recipe.beta_at(epoch):.3g}, ELBO {-nll - kl:.2f} nats",
            refresh=False,
        )
