"""The writing of a run's folder while it is trained: the start, checkpoints, the log, the end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vaelid.interface.data import Data, rows_compared, say
from vaelid.interface.runs import Run
from vaelid.interface.schema import Config, describe_run, sealed
from vaelid.spec.errors import DivergenceError, InputError
from vaelid.train.checkpoint import differences, not_finite
from vaelid.train.state import TrainState
from vaelid.train.task import Task

__all__ = ["Recorder", "recording"]


@contextmanager
def recording(
    folder: Run | None,
    task: Task,
    data: Data,
    start: TrainState,
    *,
    every: float,
    resume: bool = False,
    scale: float = 1.0,
    command: str | None = None,
) -> Iterator["Recorder"]:
    """Hold the folder, start or resume it, and give the recorder, whose `state` is where to go on from."""
    if folder is None:
        yield Recorder(task, None, None, start, every)
        return
    with folder.hold() as check_held:
        folder.expect(present=resume, held=True)  # again: another process may have come before
        if resume:
            config, start = _resumed(folder, task, data, start)
        else:
            config = describe_run(task, data, scale=scale, command=command, threads=start.threads[0].number)
            folder.begin(config, start)
        folder.log.align(start.history)
        yield Recorder(task, folder, config, start, every, check_held)


def _resumed(folder: Run, task: Task, data: Data, start: TrainState) -> tuple[Config, TrainState]:
    folder.clean()
    config = folder.config()
    given = describe_run(task, data, scale=config.data.scale, command=None, threads=config.threads, like=config)
    if differing := differences(sealed(given), sealed(config)):
        # config.json's names, as the user gave them: seed for recipe.seed; data, whatever of them it is
        names = dict.fromkeys(
            path.split(".")[0] if path.startswith("data.") else path.split(".")[-1] for path in differing
        )
        raise InputError(
            f"{folder.path} was started with other settings ({', '.join(names)} differ): resume with the settings it "
            "was started with, or start a new run folder."
        )
    if not rows_compared(data):
        say(f"{folder.path}: the rows of a {type(data.x).__name__} were not compared with those it was started with.")
    return config, folder.checkpoint(config, task, start)


class Recorder:
    """Writes the log and the checkpoints of a run's folder; holds the last good state."""

    def __init__(
        self,
        task: Task,
        folder: Run | None,
        config: Config | None,
        state: TrainState,
        every: float,
        check_held: Callable[[], None] = lambda: None,
    ) -> None:
        self.check_held = check_held
        self.task, self.folder, self.config, self.state, self.every = task, folder, config, state, every
        self.started = self.logged = self.saved = time.monotonic()

    def see(self, state: TrainState) -> None:
        """Log a new epoch; checkpoint when it is time."""
        now = time.monotonic()
        new_epoch = len(state.history) > len(self.state.history)
        self.state = state
        if self.folder is None or self.config is None:
            return
        if new_epoch:
            self.check_held()
            seconds, self.logged = now - self.logged, now
            rate = len(self.task.split.training) / max(seconds, 1e-9)  # a coarse clock may not have moved
            timing = {"seconds": round(seconds, 4), "rows_per_second": round(rate, 1)}
            self.folder.log.append({**state.history[-1], **timing})
        if now - self.saved >= self.every:
            self._check_finite()
            self.check_held()
            self.folder.write_checkpoint(self.config, state)
            self.saved = time.monotonic()

    def close(self, *, finished: bool) -> None:
        """Write the checkpoint, the model, and the result into config.json.

        In this order: after a crash between two of them, --resume goes on from the first, and the model that is read
        is the one before, or this one, each with its own result.
        """
        self._check_finite()
        if self.folder is None or self.config is None:
            return
        self.check_held()
        self.folder.write_checkpoint(self.config, self.state)
        self.folder.write_model(self.config, self.state, finished=finished)

    def _check_finite(self) -> None:
        """Raise `DivergenceError` rather than keep weights that are not finite, whatever made them so."""
        parameters = {name: self.state.result[name] for name in self.state.moments.first}
        if bad := not_finite(parameters):
            raise DivergenceError(f"training diverged: {bad}. What was saved before is kept. Lower the learning rate.")
