"""A run's folder: config.json, model.safetensors, checkpoint.safetensors, log.jsonl, report.html."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vaelid.interface.data import Data, fingerprint, load_data
from vaelid.interface.files import (
    append_text,
    make_folder,
    read_bytes,
    read_json,
    read_lines,
    write_atomically,
)
from vaelid.spec.errors import InputError
from vaelid.train.checkpoint import decode_state, decode_tensors, encode_state, encode_tensors
from vaelid.train.loop import Task
from vaelid.train.model import VAE
from vaelid.train.recipe import Recipe
from vaelid.train.rows import Rows, rows_of
from vaelid.train.split import Split, split_rows
from vaelid.train.state import TrainState

__all__ = ["FORMAT", "Run", "load"]

FORMAT = 1
"""The version of the run folder's layout; a folder of another version is not read."""

SECTIONS = {
    "data": {"source", "reloadable", "scale", "rows", "shape", "fingerprint"},
    "model": {"obs", "latent", "hidden", "likelihood", "arch", "custom"},
    "recipe": {field.name for field in fields(Recipe)},
    "split": {"training", "validation", "test"},
}
"""What config.json holds, as far as it is read again."""


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
    def _log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def exists(self) -> bool:
        """Whether the folder holds a run."""
        return self._config.exists()

    def expect(self, *, present: bool) -> None:
        """Raise `InputError` where a run is to be resumed that is not there, or begun over one that is."""
        if present and not self.exists:
            raise InputError(f"{self.path} holds no run to resume: start it without --resume.")
        if self.exists and not present:
            raise InputError(f"{self.path} already holds a run: resume it (--resume), or choose another folder.")

    def create(self) -> None:
        """Make the folder, and see that it can be written."""
        make_folder(self.path)

    def config(self) -> dict[str, Any]:
        """The contents of config.json, of this format."""
        if not self.exists:
            lack = "it has no config.json" if self.path.exists() else "it does not exist"
            raise InputError(f"{self.path} is not a run folder: {lack}. Make one with: vaelid train DATA --out RUN")
        config = read_json(self._config)
        found = config.get("format") if isinstance(config, dict) else None
        if isinstance(config, dict) and found != FORMAT:
            raise InputError(
                f"{self._config} has run format {found}, written by vaelid {config.get('vaelid', '?')}; this is "
                f"vaelid {version('vaelid')}, which reads format {FORMAT}. Use that version, or train again."
            )
        for section, names in SECTIONS.items():
            given = config.get(section) if isinstance(config, dict) else None
            if not isinstance(given, dict) or given.keys() != names:
                raise InputError(f"{self._config} was altered: its {section} is not what a run writes. Restore it.")
        return config

    def write_config(self, config: dict[str, Any]) -> None:
        """Write config.json."""
        write_atomically(self._config, (json.dumps(config, indent=2) + "\n").encode())

    def write_model(self, weights: dict[str, Tensor]) -> None:
        """Write model.safetensors."""
        write_atomically(self._model, encode_tensors(weights, {"format": FORMAT}))

    def untrained_model(self, *, encoder: nn.Module | None = None, decoder: nn.Module | None = None) -> VAE:
        """The model with any weights. `encoder` and `decoder` are needed where they were the user's own."""
        built = self.config()["model"]
        if built["custom"] and (encoder is None or decoder is None):
            raise InputError(
                f"{self.path} was trained with its own encoder and decoder, which no file can bring back: go on in "
                "Python, with vaelid.load(run, encoder=..., decoder=...) or vaelid.fit(..., resume=True)."
            )
        return VAE(
            obs=built["obs"],
            latent=built["latent"],
            hidden=built["hidden"],
            likelihood=built["likelihood"],
            arch=built["arch"],
            encoder=encoder,
            decoder=decoder,
        )

    def model(self, *, encoder: nn.Module | None = None, decoder: nn.Module | None = None) -> VAE:
        """The trained model, in evaluation mode; `encoder` and `decoder` as for `untrained_model`."""
        model = self.untrained_model(encoder=encoder, decoder=decoder)
        if not self._model.exists():
            raise InputError(
                f"{self.path} has no model yet, since its training did not end: go on with "
                f"vaelid train --resume --out {self.path}"
            )
        weights, _ = decode_tensors(read_bytes(self._model), str(self._model))
        expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        if expected != found:
            different = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
            raise InputError(
                f"{self._model} does not fit {self._config}: {different[0]} is {found.get(different[0], 'missing')}, "
                f"expected {expected.get(different[0], 'nothing')}."
            )
        model.load_state_dict(weights)
        return model.eval()

    def recipe(self) -> Recipe:
        """How the model was trained."""
        return Recipe(**self.config()["recipe"])

    def data(self) -> Data:
        """The run's own data, loaded again; `InputError` where they are gone or have changed."""
        described = self.config()["data"]
        if not described["reloadable"]:
            raise InputError(f"{self.path} was trained on data given in Python ({described['source']}): name the DATA.")
        data = load_data(described["source"], scale=described["scale"])
        if fingerprint(data) != described["fingerprint"]:
            raise InputError(
                f"{described['source']} is no longer what {self.path} was trained on, so its split means nothing: "
                "name the DATA to use."
            )
        return data

    def like_its_own(self, data: Any) -> Data:
        """Other data, a path among them scaled as the run's own were."""
        return load_data(data, scale=self.config()["data"]["scale"])

    def rows(self, model: VAE) -> tuple[Data, Rows, Split]:
        """The run's own data, as rows, and their split."""
        data = self.data()
        rows = rows_of(data.x, model.likelihood, shape=model.obs)
        return data, rows, split_rows(len(rows), self.recipe())

    def write_checkpoint(self, task: Task, data: Data, state: TrainState) -> None:
        """Write the training state, replacing the one before as a whole."""
        write_atomically(self._checkpoint, encode_state(state, _identity(task, data)))

    def checkpoint(self, task: Task, data: Data) -> TrainState:
        """The training state, checked to be of the same model, data and recipe."""
        return decode_state(read_bytes(self._checkpoint), _identity(task, data), str(self._checkpoint))

    def append_log(self, record: dict[str, Any]) -> None:
        """Add one epoch's record to log.jsonl."""
        append_text(self._log, json.dumps(record) + "\n")

    def log(self) -> list[dict[str, Any]]:
        """The records of log.jsonl."""
        try:
            return [json.loads(line) for line in read_lines(self._log)] if self._log.exists() else []
        except ValueError as cause:
            raise InputError(f"{self._log} is not lines of JSON ({cause}): restore it from a copy.") from None

    def align_log(self, history: Sequence[dict[str, Any]]) -> None:
        """Bring log.jsonl to where a checkpoint stands: its records, with the timings that were logged.

        What came after is written again as training goes on; what a crash kept from the disk is put back.
        """
        logged = self.log()
        records = [record if record["epoch"] == h["epoch"] else h for record, h in zip(logged, history, strict=False)]
        lines = [json.dumps(record) + "\n" for record in (*records, *history[len(records) :])]
        write_atomically(self._log, "".join(lines).encode())


def _identity(task: Task, data: Data) -> dict[str, Any]:
    """What a checkpoint must agree on, by names that a message can show."""
    model = {f"model {name}": value for name, value in describe_model(task.model).items()}
    return {**model, **asdict(task.recipe), "data": fingerprint(data)}


def describe_model(model: VAE) -> dict[str, Any]:
    """The arguments that make the model again."""
    return {
        "obs": list(model.obs),
        "latent": model.latent,
        "hidden": list(model.hidden),
        "likelihood": model.likelihood.name,
        "arch": model.arch,
        "custom": model.custom,
    }


def describe_run(task: Task, data: Data, *, scale: float, command: str | None, threads: int) -> dict[str, Any]:
    """The contents of config.json at the start of a run."""
    return {
        "format": FORMAT,
        "vaelid": version("vaelid"),
        "torch": torch.__version__,
        "command": command,
        "data": {
            "source": data.source,
            "reloadable": _reloadable(data),
            "scale": scale,
            "rows": len(task.rows),
            "shape": list(task.rows.shape),
            "fingerprint": fingerprint(data),
        },
        "model": describe_model(task.model),
        "recipe": asdict(task.recipe),
        "split": {name: len(rows) for name, rows in vars(task.split).items()},
        "parameters": sum(p.numel() for p in task.model.parameters()),
        "threads": threads,
        "result": None,
    }


def _reloadable(data: Data) -> bool:
    return data.source == "digits" or ":" in data.source or Path(data.source).exists()


def load(run: str | Path, *, encoder: nn.Module | None = None, decoder: nn.Module | None = None) -> VAE:
    """The trained model of a run's folder, in evaluation mode.

    Raises `InputError` where the folder is no run, of another format, or damaged (its checksum is verified);
    `encoder` and `decoder` are needed where they were your own modules. No code in the folder is run.
    """
    return Run(Path(run)).model(encoder=encoder, decoder=decoder)
