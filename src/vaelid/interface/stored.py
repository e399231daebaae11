"""Files of tensors, checked against the model that they are for before anything of its size is allocated."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from vaelid.interface.files import read_regular
from vaelid.interface.schema import Config
from vaelid.spec.errors import InputError
from vaelid.train.checkpoint import (
    Header,
    TensorSpec,
    decode_header,
    header_size,
    kinds_of,
    state_kinds,
)
from vaelid.train.facts import refuse
from vaelid.train.model import VAE

__all__ = [
    "check_checkpoint",
    "check_kinds",
    "check_width",
    "described_kinds",
    "parameters",
    "read_checked",
    "read_header",
    "stored_model",
]


def read_header(path: Path) -> Header:
    """What the file says of its tensors."""
    size = header_size(read_regular(path, 8), str(path))
    return decode_header(read_regular(path, size), str(path))


def read_checked(path: Path, header: Header) -> bytes:
    """The file; no more than its header speaks of, and one byte, which shows that there is more."""
    return read_regular(path, header.size + 1)


def described_kinds(config: Config, where: str) -> tuple[dict[str, TensorSpec], set[str]]:
    """The tensors of the model that config.json describes, and which are trained; nothing is allocated."""
    try:
        with torch.device("meta"):
            model = stored_model(config, where)
    except (RuntimeError, OverflowError, TypeError) as cause:  # torch's, for sizes that no tensor can have
        refuse(f"{where}, model", f"no network has these sizes ({str(cause).splitlines()[0]})")
    return kinds_of(model.state_dict()), {name for name, _ in model.named_parameters()}


def stored_model(
    config: Config, where: str, *, encoder: nn.Module | None = None, decoder: nn.Module | None = None
) -> VAE:
    """The model that config.json describes, with any weights."""
    facts = config.model
    try:
        return VAE(
            obs=tuple(facts.obs),
            latent=facts.latent,
            hidden=tuple(facts.hidden),
            likelihood=facts.likelihood,
            arch=facts.arch,
            encoder=encoder,
            decoder=decoder,
            seed=0,  # whatever they are, they are replaced: torch's global generator is left alone
        )
    except InputError as cause:
        raise InputError(f"{where}, model: {cause} If the file was changed, restore it from a copy.") from None


def check_kinds(found: Mapping[str, TensorSpec], expected: Mapping[str, TensorSpec], path: Path, against: str) -> None:
    """Raise `InputError` for the first tensor that is not of the expected shape and type."""
    different = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
    if different:
        name = different[0]
        raise InputError(
            f"{path} does not fit {against}: {name} is {found.get(name, 'missing')}, "
            f"expected {expected.get(name, 'nothing')}. Restore the one that was changed from a copy, or train again."
        )


def check_checkpoint(
    header: Header, weights: Mapping[str, TensorSpec], trained: set[str], path: Path, against: str
) -> None:
    """The same for a checkpoint of a model with these weights."""
    kept = any(name.startswith("kept/") for name in header.kinds)
    check_kinds(header.kinds, state_kinds(weights, trained, kept=kept), path, against)


def check_width(config: Config, header: Header, path: Path, where: str) -> None:
    """Raise `InputError` where config.json has more layers than the file has tensors: they would take long to make."""
    if 2 * len(config.model.hidden) > len(header.kinds):
        refuse(f"{where}, model.hidden", f"it has {len(config.model.hidden)} widths, more than {path} has layers")


def parameters(weights: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Those that are trained: buffers of a user's own networks may well hold infinities, as masks do."""
    names = {name for name, _ in model.named_parameters()}
    return {name: tensor for name, tensor in weights.items() if name in names}
