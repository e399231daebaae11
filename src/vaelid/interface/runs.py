"""A run's folder: config.json, model.safetensors, checkpoint.safetensors, log.jsonl, report.html.

All of it may have been written by somebody else. Each file is read strictly and checked against the others, in an
order in which a crash between two writes leaves the old run or the new one: config.json is written once and then
only gains a copy of the result; the result that counts is in model.safetensors, beside the weights it is of.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from torch import nn

from vaelid.interface.data import Data, load_data
from vaelid.interface.files import (
    make_folder,
    read_regular,
    remove_partial_files,
    write_atomically,
)
from vaelid.interface.lock import check_free, hold
from vaelid.interface.log import Log
from vaelid.interface.recorded import recorded_data
from vaelid.interface.schema import (
    Config,
    Trained,
    TrainingResult,
    check_result,
    decode_config,
    history_digest,
    sealed,
)
from vaelid.interface.shell import suggested
from vaelid.interface.stored import (
    check_checkpoint,
    check_kinds,
    check_width,
    described_kinds,
    parameters,
    read_checked,
    read_header,
    stored_model,
)
from vaelid.spec.errors import InputError
from vaelid.train.checkpoint import (
    decode_state,
    decode_tensors,
    differences,
    encode_state,
    encode_tensors,
    kinds_of,
    not_finite,
)
from vaelid.train.facts import decode, refuse, without_unset
from vaelid.train.loop import check_progress
from vaelid.train.model import VAE
from vaelid.train.rows import Rows, rows_of
from vaelid.train.split import Split, split_rows
from vaelid.train.state import TrainState
from vaelid.train.task import Task

__all__ = ["Opened", "Run", "load"]

LONGEST_CONFIG = 2**24


@dataclass(frozen=True)
class Opened:
    """A run that was read and found consistent: its configuration, with the result of the weights in `model`."""

    model: VAE
    config: Config
    history_digest: str

    @property
    def result(self) -> TrainingResult:
        """How far the training of these weights came."""
        assert self.config.result is not None
        return self.config.result

    @property
    def untrained(self) -> str:
        """What to say of a run whose training ended before its first epoch did; else nothing."""
        steps = self.result.steps
        return "" if self.result.epochs else f"Untrained: the run has 0 epochs, {steps} step{'s' * (steps != 1)}."


@dataclass(frozen=True)
class Run:
    """A run's folder, by its path."""

    path: Path

    @property
    def _config(self) -> Path:
        return self.path / "config.json"

    @property
    def _model(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def _checkpoint(self) -> Path:
        return self.path / "checkpoint.safetensors"

    @property
    def log(self) -> Log:
        """The records of the epochs."""
        return Log(self.path / "log.jsonl")

    @property
    def exists(self) -> bool:
        """Whether the folder holds a run."""
        return self._config.exists()

    def expect(self, *, present: bool, held: bool = False) -> None:
        """Raise `InputError` where a run is to be resumed that is not there, or begun over one that is.

        And where another process writes there now, unless the folder is `held` by this one.
        """
        if not held:
            check_free(self.path)
        if present and not self.exists:
            raise InputError(f"{self.path} holds no run to resume: start it without --resume.")
        if self.exists and not present:
            raise InputError(f"{self.path} already holds a run: resume it (--resume), or choose another folder.")

    def hold(self) -> AbstractContextManager[Callable[[], None]]:
        """Hold the folder while it is written; it is made where it is not there. Gives what checks that it is held."""
        make_folder(self.path)
        return hold(self.path)

    def begin(self, config: Config, state: TrainState) -> None:
        """Write the files of a run at its start. The configuration comes last: with it, the folder is a run."""
        self.clean()
        self._model.unlink(missing_ok=True)  # of a run whose config.json is gone
        self.write_checkpoint(config, state)  # the start itself can be resumed: its weights may be anyone's
        self.write_config(config)

    def clean(self) -> None:
        """Remove what a process that was killed left half written."""
        names = [path.name for path in (self._config, self._model, self._checkpoint, self.log.path)]
        remove_partial_files(self.path, names)

    def config(self) -> Config:
        """The contents of config.json, of this format, checked by themselves."""
        if not self.exists:
            lack = "it has no config.json" if self.path.exists() else "it does not exist"
            raise InputError(f"{self.path} is not a run folder: {lack}. Make one with: vaelid train DATA --out RUN")
        return decode_config(read_regular(self._config, LONGEST_CONFIG), str(self._config))

    def write_config(self, config: Config) -> None:
        """Write config.json."""
        write_atomically(self._config, (json.dumps(without_unset(config), indent=2, allow_nan=False) + "\n").encode())

    def write_model(self, config: Config, state: TrainState, *, finished: bool) -> Config:
        """Write the weights that training gave, with how far it came; and a copy of that into config.json."""
        result = TrainingResult(
            finished=finished,
            epochs=len(state.history),
            steps=state.step,
            kept_epoch=state.kept.epoch if state.kept else None,
        )
        trained = Trained(run=sealed(config), result=result, history=history_digest(state.history))
        write_atomically(self._model, encode_tensors(state.result, without_unset(trained)))
        listed = msgspec.structs.replace(
            config, result=msgspec.structs.replace(result, seconds=round(self.log.seconds(), 3))
        )
        self.write_config(listed)
        return listed

    def untrained_model(self) -> VAE:
        """The model with any weights, to be resumed; its sizes are those of the checkpoint."""
        config = self.config()
        self._check_own_networks(config, None, None)
        header = read_header(self._checkpoint)
        check_width(config, header, self._checkpoint, str(self._config))
        weights, trained = described_kinds(config, str(self._config))
        check_checkpoint(header, weights, trained, self._checkpoint, str(self._config))
        return stored_model(config, str(self._config))

    def _check_own_networks(self, config: Config, encoder: nn.Module | None, decoder: nn.Module | None) -> None:
        if config.model.custom and (encoder is None or decoder is None):
            raise InputError(
                f"{self.path} was trained with its own encoder and decoder, which no file can bring back: go on in "
                "Python, with vaelid.load(run, encoder=..., decoder=...) or vaelid.fit(..., resume=True)."
            )

    def open(self, *, encoder: nn.Module | None = None, decoder: nn.Module | None = None) -> Opened:
        """The trained model, in evaluation mode, with its configuration; each is checked to be the other's.

        `encoder` and `decoder` are needed where they were the user's own.
        """
        config = self.config()
        self._check_own_networks(config, encoder, decoder)
        if not self._model.exists():
            raise InputError(
                f"{self.path} has no model yet, since its training did not end: go on with "
                f"{suggested('vaelid', 'train', '--resume', '--out', self.path)}"
            )
        header = read_header(self._model)
        trained = decode(header.seal.facts, Trained, f"{self._model}, facts")
        self._check_identity(config, trained)
        check_width(config, header, self._model, str(self._config))
        if encoder is None:
            check_kinds(header.kinds, described_kinds(config, str(self._config))[0], self._model, str(self._config))
        model = stored_model(config, str(self._config), encoder=encoder, decoder=decoder)
        check_kinds(header.kinds, kinds_of(model.state_dict()), self._model, "the encoder and decoder given")
        weights, _ = decode_tensors(read_checked(self._model, header), str(self._model))
        if bad := not_finite(parameters(weights, model)):
            raise InputError(f"{self._model}: {bad}. Train again, with a lower learning rate or a clipped gradient.")
        model.load_state_dict(weights)
        return Opened(model.eval(), self._with_result(config, trained.result), trained.history)

    def _check_identity(self, config: Config, trained: Trained) -> None:
        """Raise `InputError` where the weights are not of the run that config.json describes."""
        here = sealed(config)
        if differing := differences(trained.run, here):
            one, other = (_member(facts, differing[0]) for facts in (here, trained.run))
            refuse(f"{self._config}, {differing[0]}", f"it is {one}, but {self._model.name} is of a run with {other}")
        check_result(trained.result, config, f"{self._model}, result")

    def _with_result(self, config: Config, result: TrainingResult) -> Config:
        """The configuration with the result of the weights; what config.json lists is theirs or, cut short, older."""
        listed = config.result
        if listed is not None and listed.sealed != result and listed.steps >= result.steps:
            one, other = (f"{r.epochs} epochs, {r.steps} steps" for r in (listed, result))
            refuse(f"{self._config}, result", f"it is {one}, but {self._model.name} is of {other}, or otherwise ended")
        return msgspec.structs.replace(config, result=result if listed is None else _timed(result, listed))

    def history(self, opened: Opened) -> list[dict[str, Any]]:
        """The records of the epochs that led to the weights, checked to be those of the training."""
        return self.log.first(opened.result.epochs, opened.history_digest, self._model.name)

    def data(self, config: Config) -> Data:
        """The run's own data, loaded again; `InputError` where they are gone or have changed."""
        return recorded_data(config.data, self.path)

    def like_its_own(self, data: Any, config: Config) -> Data:
        """Other data, a path among them scaled as the run's own were."""
        return load_data(data, scale=config.data.scale)

    def rows(self, opened: Opened) -> tuple[Data, Rows, Split]:
        """The run's own data, as rows, and their split."""
        data = self.data(opened.config)
        rows = rows_of(data.x, opened.model.likelihood, shape=opened.model.obs)
        return data, rows, split_rows(len(rows), opened.config.recipe)

    def write_checkpoint(self, config: Config, state: TrainState) -> None:
        """Write the training state, replacing the one before as a whole."""
        write_atomically(self._checkpoint, encode_state(state, sealed(config)))

    def checkpoint(self, config: Config, task: Task, start: TrainState) -> TrainState:
        """The training state, checked to be of this run, and one that `start` can lead to."""
        header = read_header(self._checkpoint)
        kinds, trained = kinds_of(start.weights), set(start.moments.first)
        check_checkpoint(header, kinds, trained, self._checkpoint, "the model given")
        data = read_checked(self._checkpoint, header)
        state = decode_state(data, sealed(config), str(self._checkpoint))
        if fault := check_progress(task, state):
            refuse(f"{self._checkpoint}, facts", fault)
        return state


def _member(facts: dict[str, Any], path: str) -> Any:
    for name in path.split("."):
        facts = facts[name] if isinstance(facts, dict) and name in facts else "missing"  # type: ignore[assignment]
    return facts


def _timed(result: TrainingResult, listed: TrainingResult) -> TrainingResult:
    return msgspec.structs.replace(result, seconds=listed.seconds)


def load(run: str | Path, *, encoder: nn.Module | None = None, decoder: nn.Module | None = None) -> VAE:
    """The trained model of a run's folder, in evaluation mode.

    Raises `InputError` where the folder is no run, of another format, or damaged, or its weights are not those of
    the run that its config.json describes; `encoder` and `decoder` are needed where they were your own modules.
    No code in the folder is run, and none that it names.
    """
    return Run(Path(run)).open(encoder=encoder, decoder=decoder).model
