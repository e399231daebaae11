"""What a likelihood p(x|z) is: one frozen value, whose fields are functions over the array API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from array_api_compat import device
from jaxtyping import Float, Shaped

from vaelid.spec.arrays import array_namespace, to_numpy
from vaelid.spec.likelihoods.support import check_support

__all__ = ["Likelihood"]


def _identity(x: Any) -> Any:
    """Return x itself."""
    return x


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A normalised density of an observation x, given what the decoder put out for it.

    Observations lie on the last axis: x is (..., D). The decoder's `output` is (..., D) where `outputs` is 1,
    else (..., outputs, D). `learned` names numbers that are trained beside the networks and passed by name:
    ``"scalar"`` is one for all coordinates, ``"coordinate"`` is one for each of the D.

    Attributes:
        name: the short name of the API, the command line and `config.json`.
        accepts: the support, in words.
        log_density: (x, output, **learned) -> log p(x_d|z) in nats of each coordinate, (..., D). The formula
            alone, for x in the dtype of output: x is not checked, so that it can be traced.
        mean: (output, **learned) -> E[x|z], (..., D); for `categorical` the probabilities, (..., K, D).
        draw: (rng, output, **learned) -> one x ~ p(x|z), on numpy arrays.
        contains: x -> which values lie in the support (False for NaN).
        outputs: reals per coordinate that the decoder puts out.
        learned: the extra learned numbers and their extent.
        features: what an encoder should see of x: of order 1. (..., D), or (..., inputs, D).
        inputs: reals per coordinate that `features` gives.
        discrete: whether log_prob is a log-probability, or a log-density, whose value depends on units.
    """

    name: str
    accepts: str
    log_density: Callable[..., Any]
    mean: Callable[..., Any]
    draw: Callable[..., Any]
    contains: Callable[[Any], Any]
    outputs: int = 1
    learned: Mapping[str, Literal["scalar", "coordinate"]] = field(default_factory=dict)
    features: Callable[[Any], Any] = _identity
    inputs: int = 1
    discrete: bool = False

    def __repr__(self) -> str:
        return f"likelihood({self.name!r})"

    @property
    def family(self) -> str:
        """The name without its number: ``"binomial"`` of ``"binomial:16"``."""
        return self.name.partition(":")[0]

    @property
    def number(self) -> float | None:
        """The number in the name: 16 of ``"binomial:16"``; None where there is none."""
        number = self.name.partition(":")[2]
        return float(number) if number else None

    def log_prob(self, x: Shaped[Any, "*#batch D"], output: Float[Any, "..."], **learned: Any) -> Float[Any, "..."]:
        """Log p(x|z) in nats, summed over the D coordinates of an observation: (...,).

        x, which may hold integers or booleans, is read in the dtype of `output`. Raises `SupportError` naming row,
        column and value where x is off the support. That check reads values; under `jax.jit` use `log_density`.
        """
        xp = array_namespace(output)
        x = xp.astype(x, output.dtype, copy=False)
        check_support(self, x)
        return xp.sum(self.log_density(x, output, **learned), axis=-1)

    def sample(self, rng: np.random.Generator, output: Float[Any, "..."], **learned: Any) -> Any:
        """One x ~ p(x|z) for each output, in its namespace, dtype and device. Not differentiable."""
        xp = array_namespace(output)
        numbers = {name: np.asarray(to_numpy(value), dtype=np.float64) for name, value in learned.items()}
        drawn = self.draw(rng, np.asarray(to_numpy(output), dtype=np.float64), **numbers)
        return xp.asarray(np.asarray(drawn, dtype=np.float64), dtype=output.dtype, device=device(output))
