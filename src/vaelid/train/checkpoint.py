"""Tensors and facts as checksummed safetensors bytes; the training state among them. No pickle, no code."""

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from vaelid.spec.adam import AdamMoments
from vaelid.spec.errors import InputError
from vaelid.train import facts as schema
from vaelid.train.facts import Training, decode, epochs_of, members_of, refuse, shown, without_unset
from vaelid.train.state import BestWeights, TrainState
from vaelid.train.threads import Span

__all__ = [
    "Header",
    "TensorSpec",
    "decode_header",
    "decode_state",
    "decode_tensors",
    "differences",
    "encode_state",
    "encode_tensors",
    "header_size",
    "kinds_of",
    "not_finite",
    "state_kinds",
    "weights_digest",
]

LONGEST_HEADER = 100_000_000
"""As safetensors has it."""

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


class TensorSpec(NamedTuple):
    """The shape and type of a tensor."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    def __str__(self) -> str:
        return f"{self.shape} of {str(self.dtype).removeprefix('torch.')}"


class Entry(schema.Strict, frozen=True):
    """What a safetensors header says of a tensor."""

    dtype: str
    shape: list[schema.Count]
    data_offsets: tuple[schema.Count, schema.Count]


class Metadata(schema.Strict, frozen=True):
    """A safetensors header's own facts, of which we write one."""

    vaelid: str


class Seal(schema.Strict, frozen=True):
    """The facts, as JSON text, and the SHA-256 of facts and tensors."""

    facts: str
    sha256: str


class Header(NamedTuple):
    """What is said of the tensors before they are read: a file is refused by it before anything is allocated."""

    kinds: dict[str, TensorSpec]
    seal: Seal
    size: int


def _digest(tensors: Mapping[str, Tensor], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def weights_digest(weights: Mapping[str, Tensor]) -> str:
    """The SHA-256 of tensors by their names, types, shapes and bits."""
    return _digest({name: tensor.detach().cpu() for name, tensor in weights.items()}, "")


def kinds_of(weights: Mapping[str, Tensor]) -> dict[str, TensorSpec]:
    """The shape and type of each."""
    return {name: TensorSpec(tuple(tensor.shape), tensor.dtype) for name, tensor in weights.items()}


def not_finite(weights: Mapping[str, Tensor]) -> str | None:
    """The first tensor that holds a NaN or an infinity, in words; None where all numbers are finite."""
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            bad = int((~tensor.isfinite()).sum())
            return f"{name} is not finite: {bad:,} of its {tensor.numel():,} numbers are NaN or infinite"
    return None


def encode_tensors(tensors: Mapping[str, Tensor], facts: dict[str, Any] | None = None) -> bytes:
    """Safetensors bytes that hold the tensors, the facts (JSON) and the SHA-256 of both."""
    text = json.dumps(facts or {}, allow_nan=False)
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # one metadata entry, since safetensors writes several in no fixed order: the same state, the same bytes
    return save(stored, metadata={"vaelid": json.dumps({"facts": text, "sha256": _digest(stored, text)})})


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is damaged: it is cut short or was altered since it was written (its checksum does not "
        "match). Restore it from a copy, or train again."
    )


def header_size(start: bytes, name: str) -> int:
    """How many bytes the file's first eight and its header take; `start` is at least the first eight."""
    if len(start) < 8:
        raise _damaged(name)
    (length,) = struct.unpack("<Q", start[:8])
    if length > LONGEST_HEADER:
        raise _damaged(name)
    return 8 + length


def decode_header(start: bytes, name: str) -> Header:
    """The header of a file that begins with `start`, as `encode_tensors` writes it."""
    end = header_size(start, name)
    try:
        if len(start) < end:
            raise _damaged(name)
        members = members_of(start[8:end], name)
        seal = decode(decode(json.dumps(members.pop("__metadata__")), Metadata, name).vaelid, Seal, name)
        entries = {key: decode(json.dumps(value), Entry, name) for key, value in members.items()}
        kinds = {key: TensorSpec(tuple(entry.shape), DTYPES[entry.dtype]) for key, entry in entries.items()}
    except (InputError, KeyError):
        raise _damaged(name) from None
    sizes = (math.prod(kind.shape) * kind.dtype.itemsize for kind in kinds.values())
    return Header(kinds, seal, end + sum(sizes))


def decode_tensors(data: bytes, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and facts of `encode_tensors`; `InputError` where the bytes are cut short or altered."""
    header = decode_header(data, name)
    if header.size != len(data):
        raise _damaged(name)
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError):
        raise _damaged(name) from None
    if kinds_of(tensors) != header.kinds or _digest(tensors, header.seal.facts) != header.seal.sha256:
        raise _damaged(name)
    return tensors, members_of(header.seal.facts, f"{name}, facts")


def _groups(state: TrainState) -> dict[str, dict[str, Tensor]]:
    groups = {"weights": state.weights, "first": state.moments.first, "second": state.moments.second}
    return groups | ({"kept": state.kept.weights} if state.kept else {})


def _flat(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{group}/{name}": member for group, members in groups.items() for name, member in members.items()}


def state_kinds(weights: Mapping[str, TensorSpec], trained: set[str], *, kept: bool) -> dict[str, TensorSpec]:
    """The tensors of a checkpoint of a model with these weights."""
    moments = {name: kind for name, kind in weights.items() if name in trained}
    groups = {"weights": weights, "first": moments, "second": moments} | ({"kept": weights} if kept else {})
    return _flat(groups)


def encode_state(state: TrainState, identity: dict[str, Any]) -> bytes:
    """The state as bytes; `identity` says which run it belongs to, and is checked by `decode_state`."""
    facts = {
        "run": identity,
        "step": state.step,
        "sums": state.sums or None,
        "history": epochs_of(state.history),
        "stopped": state.stopped,
        "kept": state.kept and {"epoch": state.kept.epoch, "objective": state.kept.objective},
        "threads": state.threads,
    }
    return encode_tensors(_flat(_groups(state)), facts)


def decode_state(data: bytes, identity: dict[str, Any], name: str) -> TrainState:
    """The state of `encode_state`; `InputError` where it is damaged or belongs to another run."""
    tensors, _ = decode_tensors(data, name)
    facts = decode(decode_header(data, name).seal.facts, Training, f"{name}, facts")
    if differing := differences(facts.run, identity):
        raise InputError(
            f"{name} belongs to a run with other settings ({shown(', '.join(differing))} differ): resume "
            "with the settings it was started with, or start a new run folder."
        )
    groups: dict[str, dict[str, Tensor]] = {"weights": {}, "first": {}, "second": {}, "kept": {}}
    for path in sorted(tensors):  # in the order of `init`, and aligned as fresh tensors are: the same bits follow
        group, _, member = path.partition("/")
        if group not in groups:
            refuse(name, f"{path!r} is no tensor of a training state")
        groups[group][member] = tensors[path].clone()
    if bad := not_finite(_flat(groups)):
        refuse(name, bad)
    return TrainState(
        weights=groups["weights"],
        moments=AdamMoments(groups["first"], groups["second"]),
        step=facts.step,
        sums={} if facts.sums is None else without_unset(facts.sums),
        history=tuple(without_unset(record) for record in facts.history),
        kept=BestWeights(weights=groups["kept"], **without_unset(facts.kept)) if facts.kept else None,
        stopped=facts.stopped,
        threads=tuple(Span(*span) for span in facts.threads),
    )


def differences(left: Mapping[str, Any], right: Mapping[str, Any], under: str = "") -> list[str]:
    """The places, such as ``recipe.seed``, at which two JSON objects differ."""
    found = []
    for name in sorted(left.keys() | right.keys()):
        one, other = (side.get(name) for side in (left, right))
        if isinstance(one, dict) and isinstance(other, dict):
            found += differences(one, other, f"{under}{name}.")
        elif (name in left, one) != (name in right, other):
            found.append(f"{under}{name}")
    return found
