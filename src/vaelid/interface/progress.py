"""What a user sees and can do while a model trains: the bar, Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from vaelid.train.state import TrainState
from vaelid.train.task import Task

__all__ = ["Bar", "stop_requests"]


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
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


class Bar:
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

    def __enter__(self) -> "Bar":
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
