"""The VAE of the mean convention."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vaelid import spec

from ..case import Case, numbers
from ..precise import exp, sqrt


def vae_cases() -> list[Case]:
    """A VAE of D = 4, L = 2 with linear posterior and a decoder that squares: spec on one side, formulas here."""

    def model(mean: Any, logvar: Any, decoder: Any) -> spec.Model:
        return spec.Model(
            encoder=spec.Encoder(mean=lambda x: x @ mean, logvar=lambda x: x @ logvar),
            decoder=spec.Decoder(forward=lambda z: (z @ decoder) ** 2),
        )

    def latent(x: Any, eps: Any, mean: Any, logvar: Any) -> Any:
        return x @ mean + sqrt(exp(x @ logvar)) * eps

    def x_hat(x: Any, eps: Any, mean: Any, logvar: Any, decoder: Any) -> Any:
        return (latent(x, eps, mean, logvar) @ decoder) ** 2

    def squared_error(x: Any, eps: Any, *maps: Any) -> Any:
        return ((x_hat(x, eps, *maps) - x) ** 2).sum(-1) / x.shape[-1]

    def kl(x: Any, mean: Any, logvar: Any) -> Any:
        mu, lv = x @ mean, x @ logvar
        return (exp(lv) + mu**2 - 1 - lv).sum(-1) / (2 * mu.shape[-1])

    # Sizes: every sum by the magnitudes of its terms, and e^lv times 1 + |lv|, since lv is itself rounded.
    def latent_size(x: Any, eps: Any, mean: Any, logvar: Any) -> Any:
        return abs(x) @ abs(mean) + sqrt(exp(x @ logvar)) * abs(eps) * (1 + abs(x) @ abs(logvar))

    def x_hat_size(x: Any, eps: Any, mean: Any, logvar: Any, decoder: Any) -> Any:
        return (latent_size(x, eps, mean, logvar) @ abs(decoder)) ** 2

    def squared_error_size(x: Any, eps: Any, *maps: Any) -> Any:
        return ((x_hat_size(x, eps, *maps) + abs(x)) ** 2).sum(-1) / x.shape[-1]

    def kl_size(x: Any, mean: Any, logvar: Any) -> Any:
        mu, lv = abs(x) @ abs(mean), abs(x) @ abs(logvar)
        return (exp(x @ logvar) * (1 + lv) + mu**2 + 1 + lv).sum(-1) / (2 * mu.shape[-1])

    def slope_size(x: Any, eps: Any, *maps: Any) -> Any:
        """One number for all inputs: the size of the loss."""
        return np.max(squared_error_size(x, eps, *maps)) + np.max(kl_size(x, *maps[:2]))

    maps = tuple(0.5 * m for m in (numbers(4, 2), numbers(4, 2, seed=1), numbers(2, 4, seed=2)))
    cases = []
    for about, x, eps in (
        ("of-one", numbers(4, seed=3), numbers(2, seed=4)),
        ("of-a-batch", numbers(2, 4, seed=3), numbers(2, 2, seed=4)),
        ("of-two-batch-axes", numbers(2, 1, 4, seed=3), numbers(2, 1, 2, seed=4)),
    ):
        rows: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
            "encode": (
                lambda x, eps, *maps: spec.encode(model(*maps), x),
                lambda x, eps, mean, logvar, decoder: (x @ mean, x @ logvar),
                lambda x, eps, mean, logvar, decoder: (abs(x) @ abs(mean), abs(x) @ abs(logvar)),
            ),
            "sample_latent": (
                lambda x, eps, *maps: spec.sample_latent(model(*maps), x, eps),
                lambda x, eps, mean, logvar, decoder: latent(x, eps, mean, logvar),
                lambda x, eps, mean, logvar, decoder: latent_size(x, eps, mean, logvar),
            ),
            "forward": (lambda x, eps, *maps: spec.forward(model(*maps), x, eps), x_hat, x_hat_size),
            "reconstruction_loss": (
                lambda x, eps, *maps: spec.reconstruction_loss(model(*maps), x, eps),
                squared_error,
                squared_error_size,
            ),
            "kl_loss": (
                lambda x, eps, *maps: spec.kl_loss(model(*maps), x),
                lambda x, eps, mean, logvar, decoder: kl(x, mean, logvar),
                lambda x, eps, mean, logvar, decoder: kl_size(x, mean, logvar),
            ),
            "loss": (
                lambda x, eps, *maps: spec.loss(model(*maps), 0.5, x, eps),
                lambda x, eps, *maps: squared_error(x, eps, *maps) + kl(x, *maps[:2]) / 2,
                lambda x, eps, *maps: squared_error_size(x, eps, *maps) + kl_size(x, *maps[:2]) / 2,
            ),
            "vae_objective_terms": (
                lambda x, eps, *maps: _two_terms(spec.vae_objective_terms(model(*maps), x, eps)),
                lambda x, eps, *maps: (squared_error(x, eps, *maps), kl(x, *maps[:2])),
                lambda x, eps, *maps: (squared_error_size(x, eps, *maps), kl_size(x, *maps[:2])),
            ),
        }
        reads = {"encode": (0, 2, 3), "kl_loss": (0, 2, 3), "sample_latent": (0, 1, 2, 3)}
        cases += [
            Case(
                function,
                about,
                call,
                (x, eps, *maps),
                oracle,
                size,
                differentiate=reads.get(function),
                slope_size=slope_size,
            )
            for function, (call, oracle, size) in rows.items()
        ]
    cases.append(
        Case(
            "mean_squared_error",
            "broadcast",
            spec.mean_squared_error,
            (numbers(2, 3, 4), numbers(3, 4, seed=1)),
            lambda x_hat, x: ((x_hat - x) ** 2).sum(-1) / 4,
            lambda x_hat, x: (abs(x_hat) + abs(x)).max(-1) ** 2,
        )
    )
    return cases


def _two_terms(terms: spec.WeightedTwoTerm) -> tuple[Any, Any]:
    return terms.base, terms.regularizer
