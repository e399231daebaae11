"""Whether this machine's memory can hold what is asked for, found out before any of it is allocated."""

from typing import Any

import torch

from vaelid.interface.readers import check_room
from vaelid.spec.errors import InputError
from vaelid.train.model import VAE

__all__ = ["check_model_fits", "check_samples_fit"]

_BYTES = 4
_COPIES = 4  # weights, their gradient, and the two moments of Adam


def check_model_fits(sizes: dict[str, Any], batch_size: int) -> None:
    """Raise `InputError` where training `VAE(**sizes)` takes more than the memory, by its parameters and one batch."""
    try:
        with torch.device("meta"):  # shapes alone
            model = VAE(**sizes, seed=0)
    except (RuntimeError, OverflowError, TypeError):
        raise InputError("the model's sizes are beyond what any memory can hold: take smaller widths.") from None
    weights = _BYTES * sum(parameter.numel() for parameter in model.parameters())
    batch = _BYTES * batch_size * model.observation_size * (model.likelihood.inputs + model.likelihood.outputs)
    check_room(
        f"training a model of {weights / 1e9:,.0f} GB",
        _COPIES * weights + batch,
        "take smaller widths or fewer latents.",
    )


def check_samples_fit(model: VAE, count: int) -> None:
    """Raise `InputError` where `count` observations and what they are made of take more than the memory."""
    each = model.latent + model.observation_size * (1 + model.likelihood.outputs)
    check_room(f"{count:,} observations" if count < 10**15 else "--count", _BYTES * count * each, "take fewer of them.")
