"""Tensors and facts as checksummed safetensors bytes; the training state among them. No pickle, no code."""

import hashlib
import json
import struct
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from vaelid.spec.adam import AdamMoments
from vaelid.spec.errors import InputError
from vaelid.train.state import Kept, TrainState
from vaelid.train.threads import Span

__all__ = ["decode_state", "decode_tensors", "encode_state", "encode_tensors"]


def _digest(tensors: dict[str, Tensor], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def encode_tensors(tensors: dict[str, Tensor], facts: dict[str, Any] | None = None) -> bytes:
    """Safetensors bytes that hold the tensors, the facts (JSON) and the SHA-256 of both."""
    text = json.dumps(facts or {}, allow_nan=True)
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # one metadata entry, since safetensors writes several in no fixed order: the same state, the same bytes
    return save(stored, metadata={"vaelid": json.dumps({"facts": text, "sha256": _digest(stored, text)})})


def decode_tensors(data: bytes, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and facts of `encode_tensors`; `InputError` where the bytes are cut short or altered."""
    damaged = InputError(
        f"{name} is damaged: it is cut short or was altered since it was written (its checksum does not "
        "match). Restore it from a copy, or train again."
    )
    try:
        (header,) = struct.unpack("<Q", data[:8])
        metadata = json.loads(json.loads(data[8 : 8 + header])["__metadata__"]["vaelid"])
        facts, expected = metadata["facts"], metadata["sha256"]
        tensors = load(data)
    except (SafetensorError, struct.error, ValueError, KeyError, TypeError, MemoryError, OverflowError):
        raise damaged from None
    if _digest(tensors, facts) != expected:
        raise damaged
    return tensors, json.loads(facts)


def encode_state(state: TrainState, identity: dict[str, Any]) -> bytes:
    """The state as bytes; `identity` says which run it belongs to, and is checked by `decode_state`."""
    groups = {"weights": state.weights, "first": state.moments.first, "second": state.moments.second}
    if state.kept:
        groups["kept"] = state.kept.weights
    facts = {
        "identity": identity,
        "step": state.step,
        "sums": state.sums,
        "history": state.history,
        "stopped": state.stopped,
        "kept": state.kept and {"epoch": state.kept.epoch, "objective": state.kept.objective},
        "threads": state.threads,
    }
    tensors = {f"{group}/{name}": t for group, members in groups.items() for name, t in members.items()}
    return encode_tensors(tensors, facts)


def decode_state(data: bytes, identity: dict[str, Any], name: str) -> TrainState:
    """The state of `encode_state`; `InputError` where it is damaged or belongs to another run."""
    tensors, facts = decode_tensors(data, name)
    if facts["identity"] != json.loads(json.dumps(identity)):
        changed = sorted(k for k in identity if facts["identity"].get(k) != json.loads(json.dumps(identity[k])))
        raise InputError(
            f"{name} belongs to a run with other settings ({', '.join(changed) or 'unknown'} differ): resume "
            "with the settings it was started with, or start a new run folder."
        )
    groups: dict[str, dict[str, Tensor]] = {"weights": {}, "first": {}, "second": {}, "kept": {}}
    for path in sorted(tensors):  # in the order of `init`, and aligned as fresh tensors are: the same bits follow
        group, _, member = path.partition("/")
        groups[group][member] = tensors[path].clone()
    kept = facts["kept"] and Kept(weights=groups["kept"], **facts["kept"])
    return TrainState(
        weights=groups["weights"],
        moments=AdamMoments(groups["first"], groups["second"]),
        step=facts["step"],
        sums=facts["sums"],
        history=tuple(facts["history"]),
        kept=kept,
        stopped=facts["stopped"],
        threads=tuple(Span(*span) for span in facts.get("threads", ())),
    )
