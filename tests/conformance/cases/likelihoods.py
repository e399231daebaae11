"""Each likelihood's log_prob and mean."""

from typing import Any

import numpy as np

from vaelid import spec

from ..case import Case, given, numbers
from ..densities import DENSITIES, Density


def likelihood_cases() -> list[Case]:
    return [case for density in DENSITIES for case in _density_cases(density)]


def _density_cases(density: Density) -> list[Case]:
    model = spec.likelihood(density.name)
    outputs, accepted = density.outputs, np.asarray(density.accepted)

    def named(learned: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(model.learned, learned, strict=True))

    def observations(*shape: int) -> np.ndarray:
        return given(*np.resize(accepted, np.prod(shape, dtype=int))).reshape(shape)

    def case(about: str, x: np.ndarray, output: np.ndarray, learned: tuple[np.ndarray, ...]) -> list[Case]:
        inputs = (output, *learned)
        return [
            Case(
                "likelihood",
                f"{density.name}-log_prob-{about}",
                lambda x, output, *learned: model.log_prob(x, output, **named(learned)),
                (x, *inputs),
                lambda *arrays: density.log_density(*arrays).sum(-1),
                lambda *arrays: density.size(*arrays).sum(-1),
                differentiate=tuple(range(1, 1 + len(inputs))),
                slope_size=density.slope_size,
            ),
            Case(
                "likelihood",
                f"{density.name}-mean-{about}",
                lambda output, *learned: model.mean(output, **named(learned)),
                inputs,
                density.mean,
                lambda output, *learned: abs(density.mean(output, *learned)) + _mean_size(density, output),
                differentiate=(0,),
                slope_size=lambda output, *learned: abs(density.mean(output, *learned)) + 20,
            ),
        ]

    planes = (outputs,) if outputs > 1 else ()
    extents = {"s": (), "c": (3,)}
    cases = []
    for about, x_batch, output_batch in (
        ("of-one", (), ()),
        ("of-a-batch", (2,), (2,)),
        ("of-two-batch-axes", (2, 2), (2, 2)),
        ("one-x-for-many-outputs", (2,), (2, 2)),
        ("one-output-for-many-x", (2, 2), (2,)),
    ):
        learned = tuple(numbers(*extents[kind], seed=7, scale=0.5) for kind in density.learned)
        x, output = observations(*x_batch, 3), numbers(*output_batch, *planes, 3, seed=8)
        cases += case(about, x, output, learned)
    hard = given(*density.hard_outputs)
    output = np.stack([np.roll(hard, shift) for shift in range(outputs)]) if planes else hard
    for which, learned_at in enumerate((0.0, 3.0, -3.0) if density.learned else (0.0,)):
        learned = tuple(given(learned_at)[0] + np.zeros(len(hard) if k == "c" else ()) for k in density.learned)
        for shift in range(2):
            x = observations(len(hard) + shift)[shift:]
            cases += case(f"at-hard-outputs-{which}{shift}", x, output, learned)
    return cases


def _mean_size(density: Density, output: Any) -> Any:
    """What a mean adds up besides itself: 1 and tanh in a sigmoid, 1/l in a continuous Bernoulli, shifts in softmax."""
    family = density.name.partition(":")[0]
    if family in ("bernoulli", "binomial"):
        return 1 if family == "bernoulli" else 16
    if family == "continuous_bernoulli":
        return np.where(abs(output) < 0.25, 0, 9)
    return abs(output).max(-2, keepdims=True) if family == "categorical" else 0
