"""Sampler and KL of the posterior."""

from typing import Any

from vaelid import spec

from ..case import Case, given, numbers
from ..precise import exp, expm1, sqrt


def latent_cases() -> list[Case]:
    def kl(mu: Any, logvar: Any) -> Any:
        return (exp(logvar) + mu**2 - 1 - logvar) / 2

    def kl_size(mu: Any, logvar: Any) -> Any:
        return exp(logvar) + mu**2 + 1 + abs(logvar)

    def slope(mu: Any, logvar: Any) -> Any:
        return abs(mu) + 0 * logvar, exp(logvar) + 1 + 0 * mu

    hard_mu = given(0, 0, 1e-4, -1e-4, 0, 0, 1e4, -3)
    hard_logvar = given(0, 1e-4, 0, -1e-4, 80, -100, 0, -0.5)
    shapes = {
        "of-one": (numbers(3), numbers(3, seed=1)),
        "of-a-batch": (numbers(2, 3), numbers(2, 3, seed=1)),
        "of-a-batch-with-one-logvar": (numbers(2, 3), numbers(3, seed=1)),
        "of-two-batch-axes": (numbers(2, 2, 3), numbers(2, 1, 3, seed=1)),
        "at-hard-points": (hard_mu, hard_logvar),
    }
    cases = []
    for about, (mu, logvar) in shapes.items():
        cases += [
            Case(
                "coordinate_kl_to_standard",
                about,
                spec.coordinate_kl_to_standard,
                (mu, logvar),
                kl,
                kl_size,
                slope_size=slope,
            ),
            Case(
                "diagonal_gaussian_kl_to_standard_sum",
                about,
                spec.diagonal_gaussian_kl_to_standard_sum,
                (mu, logvar),
                lambda mu, logvar: kl(mu, logvar).sum(-1),
                lambda mu, logvar: kl_size(mu, logvar).sum(-1),
                slope_size=slope,
            ),
            Case(
                "diagonal_gaussian_kl_to_standard",
                about,
                spec.diagonal_gaussian_kl_to_standard,
                (mu, logvar),
                lambda mu, logvar: kl(mu, logvar).sum(-1) / mu.shape[-1],
                lambda mu, logvar: kl_size(mu, logvar).sum(-1) / mu.shape[-1],
                slope_size=slope,
            ),
            Case(
                "reparameterize_diag",
                about,
                spec.reparameterize_diag,
                (mu, logvar, numbers(*mu.shape, seed=2)),
                lambda mu, logvar, eps: mu + sqrt(exp(logvar)) * eps,
                lambda mu, logvar, eps: abs(mu) + sqrt(exp(logvar)) * abs(eps),
            ),
        ]
    cases.append(
        Case(
            "variance_of_scale",
            "elementwise",
            spec.variance_of_scale,
            (given(0, 1e-8, -3, 5e4),),
            lambda sigma: sigma * sigma,
            lambda sigma: sigma * sigma,
        )
    )
    points = given(0, 1e-6, -1e-6, 1e-3, -0.3, 1, -1, 20, 80, -100)
    cases.append(
        Case(
            "exp_minus_one_minus",
            "elementwise",
            spec.exp_minus_one_minus,
            (points,),
            lambda x: expm1(x) - x,
            lambda x: abs(expm1(x)) + abs(x),
            slope_size=lambda x: abs(exp(x)) + 1,
        )
    )
    return cases
