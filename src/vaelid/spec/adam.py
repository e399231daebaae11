"""The Adam update, Kingma and Ba (2015), arXiv:1412.6980, algorithm 1, with AdamW's decay beside it."""

from dataclasses import dataclass
from typing import Any

from vaelid.spec.arrays import array_namespace, number

__all__ = ["AdamMoments", "adam_update"]


@dataclass(frozen=True)
class AdamMoments:
    """The running means of the gradient (`first`) and of its square (`second`)."""

    first: Any
    second: Any


def adam_update(
    weights: Any,
    gradient: Any,
    moments: AdamMoments,
    *,
    step: int,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Any, AdamMoments]:
    """One update; `step` counts from 1.

    m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
    w = (1 - lr wd) w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).

    The decay is decoupled (AdamW, Loshchilov and Hutter (2019)); at weight_decay = 0 this is Adam.
    """
    xp = array_namespace(weights, gradient)
    learning_rate, beta1, beta2, epsilon, weight_decay = (
        number(value, weights) for value in (learning_rate, beta1, beta2, epsilon, weight_decay)
    )
    first = beta1 * moments.first + (1 - beta1) * gradient
    second = beta2 * moments.second + (1 - beta2) * gradient**2
    direction = (first / (1 - beta1**step)) / (xp.sqrt(second / (1 - beta2**step)) + epsilon)
    decayed = (1 - learning_rate * weight_decay) * weights
    return decayed - learning_rate * direction, AdamMoments(first, second)
