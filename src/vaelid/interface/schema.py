"""What a run's config.json and the facts of its model.safetensors hold, checked member by member."""

import hashlib
import json
import shlex
from dataclasses import fields
from importlib.metadata import version
from typing import Annotated, Any, Literal

import msgspec
import torch

from vaelid.interface.data import Data, fingerprint, label_digest
from vaelid.spec.errors import InputError
from vaelid.train.checkpoint import differences, weights_digest
from vaelid.train.facts import (
    Count,
    PositiveInt,
    Strict,
    Threads,
    decode,
    epochs_of,
    members_of,
    refuse,
    shown,
    without_unset,
)
from vaelid.train.model import VAE
from vaelid.train.recipe import Recipe
from vaelid.train.split import split_counts
from vaelid.train.task import Task

__all__ = [
    "FORMAT",
    "Config",
    "DataFacts",
    "ModelFacts",
    "Trained",
    "TrainingResult",
    "decode_config",
    "describe_run",
    "history_digest",
    "sealed",
]

FORMAT = 2
"""The version of the run folder's layout; a folder of another version is not read."""

Digest = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.+!_-]{1,64}$")]


class DataFacts(Strict, frozen=True):
    """The data of a run.

    Attributes:
        kind: how they were given: ``path`` and ``digits`` can be loaded again; what a ``callable`` or ``python``
            gave only the user can give again.
        source: where they lay, for people; a ``path`` is read again if its rows are still those of `digest`.
        scale: what they were divided by.
        rows: how many observations.
        shape: of one observation.
        digest: `fingerprint` of all rows, after scaling.
        labels: the same of the classes; None where there are none.
    """

    kind: Literal["digits", "path", "callable", "python"]
    source: str
    scale: Annotated[float, msgspec.Meta(gt=0)]
    rows: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    shape: Annotated[list[PositiveInt], msgspec.Meta(min_length=1, max_length=16)]
    digest: Digest
    labels: Digest | None


class ModelFacts(Strict, frozen=True):
    """The arguments that make the model again, and the digest of its weights before the first step."""

    obs: Annotated[list[PositiveInt], msgspec.Meta(min_length=1, max_length=16)]
    latent: PositiveInt
    hidden: list[PositiveInt]
    likelihood: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    arch: Literal["mlp", "conv"]
    custom: bool
    start: Digest


class SplitFacts(Strict, frozen=True):
    """How many rows each part has."""

    training: Count
    validation: Count
    test: Count


class TrainingResult(Strict, frozen=True):
    """How far training came. `seconds` is left out where only what is the same in every run is kept."""

    finished: bool
    epochs: Count
    steps: Count
    kept_epoch: Count | None
    seconds: Annotated[float, msgspec.Meta(ge=0)] | msgspec.UnsetType = msgspec.UNSET

    @property
    def sealed(self) -> "TrainingResult":
        """Without the time it took."""
        return msgspec.structs.replace(self, seconds=msgspec.UNSET)


class Config(Strict, frozen=True):
    """The contents of config.json."""

    format: int
    vaelid: Version
    torch: Version
    command: str | None
    data: DataFacts
    model: ModelFacts
    recipe: Recipe
    split: SplitFacts
    parameters: Count
    threads: Threads
    result: TrainingResult | None = None


class Trained(Strict, frozen=True):
    """The facts of model.safetensors: the run that its weights are of, how far it came, the digest of its log."""

    run: dict[str, Any]
    result: TrainingResult
    history: Digest


def sealed(config: Config) -> dict[str, Any]:
    """The identity of a run: all that its weights are a function of. No paths, and no times: a run can be moved.

    model.safetensors and checkpoint.safetensors carry it under their checksum, so neither can be taken for another
    run's, and an edited config.json is noticed.
    """
    found = without_unset(config)
    for path in ("command", "result", "data.kind", "data.source"):
        *sections, name = path.split(".")
        holder = found
        for section in sections:
            holder = holder[section]
        del holder[name]
    return found


def history_digest(history: Any) -> str:
    """The SHA-256 of the records of the epochs, without their timings."""
    return hashlib.sha256(json.dumps(epochs_of(history), sort_keys=True).encode()).hexdigest()


def decode_config(data: bytes, where: str) -> Config:
    """The contents of config.json: of this format, of the right types, and consistent; else `InputError`."""
    members = members_of(data, where)
    found = members.get("format")
    if type(found) is int and found != FORMAT:
        written = shown(str(members.get("vaelid", "?")))
        raise InputError(
            f"{where} has run format {found}, written by vaelid {written}; this is "
            f"vaelid {version('vaelid')}, which reads format {FORMAT}. Use that version, or train again."
        )
    config = decode(data, Config, where)
    names = {field.name for field in fields(Recipe)}
    if given := names ^ members["recipe"].keys():
        name = min(given)
        refuse(f"{where}, recipe", f"{name!r} is missing" if name in names else f"{name!r} is not a member of it")
    _check_consistent(config, where)
    return config


def _check_consistent(config: Config, where: str) -> None:
    """Raise `InputError` for members that are possible by themselves, and not together."""
    data, recipe, split = config.data, config.recipe, config.split
    if data.kind == "digits" and data.source != "digits":
        refuse(f"{where}, data.source", f"it is {data.source}, but data.kind is digits")
    if len(config.command or "") > _LONGEST_COMMAND:
        refuse(f"{where}, command", f"it has more than {_LONGEST_COMMAND:,} characters")
    if config.command is not None and not _trains(config.command):
        refuse(f"{where}, command", f"it is {config.command}, which is no command that makes a run")
    if data.shape != config.model.obs:
        refuse(f"{where}, data.shape", f"it is {data.shape}, but model.obs is {config.model.obs}")
    try:
        counts = split_counts(data.rows, recipe)
    except InputError as cause:
        refuse(f"{where}, split", str(cause).rstrip("."))
    if differing := differences(without_unset(split), counts):
        name = differing[0]
        refuse(f"{where}, split.{name}", f"it is {getattr(split, name)}, but the recipe makes it {counts[name]}")
    if config.result is not None:
        check_result(config.result, config, f"{where}, result")


_LONGEST_COMMAND = 10_000


def _trains(command: str) -> bool:
    """Whether a shell reads the command as one ``vaelid train`` or ``vaelid demo``: a report offers it to be typed."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quotation that does not end
        return False
    return words[:2] in (["vaelid", "train"], ["vaelid", "demo"]) and shlex.join(words) == command


def check_result(result: TrainingResult, config: Config, where: str) -> None:
    """Raise `InputError` for a result that this run cannot have."""
    recipe = config.recipe
    per_epoch = -(-config.split.training // recipe.batch_size)
    kept = result.kept_epoch or 0
    part = result.steps - result.epochs * per_epoch
    if not 0 <= part <= per_epoch * (not result.finished):  # a whole one, where its validation rows were not finite
        refuse(where, f"{result.steps} steps of {per_epoch} an epoch are not {result.epochs} epochs")
    if result.steps > recipe.epochs * per_epoch:
        refuse(where, f"{result.steps} steps are more than {recipe.epochs} epochs have")
    if kept and not recipe.validation:
        refuse(where, f"the weights of epoch {kept} cannot have been kept without validation, by which one is chosen")
    if result.kept_epoch == 0:
        refuse(where, "the weights of epoch 0 cannot have been kept: the first epoch is 1")
    if kept > result.epochs:
        refuse(where, f"the weights of epoch {result.kept_epoch} cannot have been kept in {result.epochs} epochs")
    if result.finished and result.epochs < recipe.epochs and recipe.patience is None:
        refuse(where, f"a run of {recipe.epochs} epochs is not finished after {result.epochs}")


def check_text(command: str | None, source: str) -> None:
    """Raise `InputError` for a name that config.json, which is UTF-8 text, cannot hold."""
    if len(command or "") > _LONGEST_COMMAND:
        raise InputError(
            f"the command has more than {_LONGEST_COMMAND:,} characters, which no run keeps: shorten its paths."
        )
    for what, text in (("the data's path", source), ("the command", command or "")):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{what} is not valid UTF-8 ({shown(text)}), so no run's folder can name it: rename the file or folder."
            ) from None


def describe_model(model: VAE, start: str) -> dict[str, Any]:
    """The arguments that make the model again."""
    return {
        "obs": list(model.obs),
        "latent": model.latent,
        "hidden": list(model.hidden),
        "likelihood": model.likelihood.name,
        "arch": model.arch,
        "custom": model.custom,
        "start": start,
    }


def describe_run(
    task: Task, data: Data, *, scale: float, command: str | None, threads: int, like: Config | None = None
) -> Config:
    """The contents of config.json at the start of a run, with so many threads.

    `like` is the configuration of a run that is resumed: what belongs to its start (the scale, the first weights,
    the versions) is taken from there.
    """
    found = {
        "format": FORMAT,
        "vaelid": like.vaelid if like else version("vaelid"),
        "torch": like.torch if like else str(torch.__version__),
        "command": like.command if like else command,
        "data": {
            "kind": data.kind,
            "source": data.source,
            "scale": like.data.scale if like else scale,
            "rows": len(task.rows),
            "shape": list(task.rows.shape),
            "digest": fingerprint(data),
            "labels": like.data.labels if like else label_digest(data),
        },
        "model": describe_model(task.model, like.model.start if like else weights_digest(task.model.state_dict())),
        "recipe": {field.name: getattr(task.recipe, field.name) for field in fields(Recipe)},
        "split": {name: len(rows) for name, rows in vars(task.split).items()},
        "parameters": sum(p.numel() for p in task.model.parameters()),
        "threads": threads,
        "result": None,
    }
    return decode_config(json.dumps(found).encode(), "the run's description")
