"""Encoder and decoder networks, as plain `torch.nn.Sequential` values."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from vaelid.spec.errors import InputError

__all__ = ["conv_decoder", "conv_encoder", "mlp"]


def mlp(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers between these sizes, with ReLU between them; two sizes make one linear map."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _halved(size: tuple[int, int], times: int) -> list[tuple[int, int]]:
    """The image sizes after 0, 1, ..., `times` convolutions of stride 2, kernel 3, padding 1."""
    sizes = [size]
    for _ in range(times):
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes


def _image_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise InputError(
            f'arch="conv" needs observations of shape (channels, height, width), not {tuple(shape)}: '
            'reshape the data, or use arch="mlp".'
        )
    channels, height, width = shape
    return channels, height, width


def conv_encoder(shape: Sequence[int], channels: Sequence[int], outputs: int) -> nn.Sequential:
    """(N, H, W) -> `outputs` numbers: a convolution of stride 2 for each of `channels`, then linear."""
    inputs, height, width = _image_shape(shape)
    layers: list[nn.Module] = []
    for narrow, wide in pairwise((inputs, *channels)):
        layers += [nn.Conv2d(narrow, wide, 3, stride=2, padding=1), nn.ReLU()]
    last = _halved((height, width), len(channels))[-1]
    features = (inputs, *channels)[-1] * math.prod(last)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, outputs))


def conv_decoder(latent: int, channels: Sequence[int], shape: Sequence[int]) -> nn.Sequential:
    """`latent` numbers -> (M, H, W): linear, then nearest upsampling and a convolution for each stage.

    Upsampling and then convolving leaves no checkerboard (Odena et al., 2016).
    """
    outputs, height, width = _image_shape(shape)
    sizes = _halved((height, width), len(channels))
    widths = (*reversed(channels), outputs)
    start = (widths[0], *sizes[-1])
    layers: list[nn.Module] = [nn.Linear(latent, math.prod(start)), nn.Unflatten(1, start)]
    for (narrow, wide), size in zip(pairwise(widths), reversed(sizes[:-1]), strict=True):
        layers += [nn.ReLU(), nn.Upsample(size=size, mode="nearest"), nn.Conv2d(narrow, wide, 3, padding=1)]
    return nn.Sequential(*layers)
