"""Torch networks, read as functions over the array API: the spec's view of the weights that were trained."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from array_api_compat import device, is_torch_array
from torch import nn

import vaelid.spec as spec
from vaelid.spec.arrays import array_namespace
from vaelid.spec.networks import affine, conv2d, relu, upsample_nearest
from vaelid.spec.vae import Map

__all__ = ["network_function", "specification"]


def _constant(tensor: torch.Tensor) -> Callable[[Any], Any]:
    """The tensor, to be given in the namespace, dtype and device of whatever array it meets."""
    values = tensor.detach().cpu().numpy().astype(np.float64)
    return lambda like: array_namespace(like).asarray(values, dtype=like.dtype, device=device(like))


def _linear(layer: nn.Linear) -> Map:
    weight = _constant(layer.weight)
    bias = _constant(layer.weight.new_zeros(layer.out_features) if layer.bias is None else layer.bias)
    return lambda x: affine(weight(x), bias(x), x)


def _convolution(layer: nn.Conv2d) -> Map:
    weight, stride, padding = _constant(layer.weight), int(layer.stride[0]), int(layer.padding[0])
    bias = _constant(layer.weight.new_zeros(layer.out_channels) if layer.bias is None else layer.bias)
    return lambda x: conv2d(weight(x), bias(x), x, stride=stride, padding=padding)


def _reshape(*shape: int) -> Map:
    return lambda x: array_namespace(x).reshape(x, (x.shape[0], *shape))


_PLAIN_CONVOLUTION = {"dilation": (1, 1), "groups": 1, "padding_mode": "zeros"}


def _layer_function(layer: nn.Module) -> Map | None:
    if not type(layer).__module__.startswith("torch.nn.modules."):
        return None  # a subclass may compute something else
    match layer:
        case nn.Linear():
            return _linear(layer)
        case nn.ReLU():
            return relu
        case nn.Conv2d() if all(getattr(layer, name) == value for name, value in _PLAIN_CONVOLUTION.items()):
            square = len(set(layer.stride)) == 1 and layer.padding in [(p, p) for p in range(16)]
            return _convolution(layer) if square else None
        case nn.Upsample(mode="nearest", size=(int(height), int(width))):
            return lambda x: upsample_nearest(x, size=(height, width))
        case nn.Flatten(start_dim=1, end_dim=-1):
            return _reshape(-1)
        case nn.Unflatten(dim=1, unflattened_size=shape):
            return _reshape(*shape)
    return None


def _opaque(network: nn.Module) -> Map:
    def call(x: Any) -> Any:
        if not is_torch_array(x):
            raise TypeError(
                f"{type(network).__name__} is not made of layers that the spec knows, so it reads torch "
                f"tensors only, not {type(x).__name__}."
            )
        return network(x)

    return call


def network_function(network: nn.Module) -> Map:
    """The network as a function of one array.

    A `Sequential` of Linear, ReLU, Conv2d, Upsample (nearest), Flatten and Unflatten becomes the spec's
    functions with the weights as they are now, for any array type. Any other module stays the torch module
    that it is, and accepts torch tensors only.
    """
    layers = network if type(network) is nn.Sequential else [network]
    functions = [_layer_function(layer) for layer in layers]
    if any(function is None for function in functions):
        return _opaque(network)

    def call(x: Any) -> Any:
        for function in functions:
            assert function is not None
            x = function(x)
        return x

    return call


def specification(
    encoder: nn.Module,
    decoder: nn.Module,
    *,
    latent: int,
    features: Map,
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
) -> spec.Model:
    """The spec's `Model` of two networks, on flat observations (B, D).

    The encoder sees `features(x)` in `input_shape`; the decoder's output is given in `output_shape`.
    """
    encode, decode = network_function(encoder), network_function(decoder)
    as_input, as_output = _reshape(*input_shape), _reshape(*output_shape)

    def posterior(x: Any) -> tuple[Any, Any]:
        given = encode(as_input(features(x)))
        return given if isinstance(given, tuple) else (given[..., :latent], given[..., latent:])

    return spec.Model(
        encoder=spec.Encoder(mean=lambda x: posterior(x)[0], logvar=lambda x: posterior(x)[1]),
        decoder=spec.Decoder(forward=lambda z: as_output(decode(z))),
    )
