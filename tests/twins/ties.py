"""How each twin is tied to its definition: its inputs, the definition at 50 digits, and wrong variants to reject.

The definitions are written out here from their formulas. That the spec's own functions are these formulas is what
tests/conformance checks; so a twin that passes here stands for the spec.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from conformance.densities import BY_NAME, log_choose
from conformance.precise import MP, distance, exact, exp, expm1, floats, log, log_sum_exp, sqrt
from vaelid import spec
from vaelid.train import losses
from vaelid.train.twins import TWINS, BoundedTwin

FLOAT32_EPS = torch.finfo(torch.float32).eps


@dataclass(frozen=True, eq=False)
class Tie:
    """One twin's check.

    `inputs` are calls of the fast function: tuples of float64 tensors that float32 holds exactly, and plain numbers.
    `slow` gives the definition's value for the same numbers, exact. `mutants` are wrong fast functions.
    `run` calls a fast function and gives its result, `scale` does the same with the twin's scale. The bounds are those
    of float32; in float64, where `in_float64`, they shrink with the machine epsilon. `size` is the magnitude of what
    the definition adds up, where it cancels so that float64 is too short for it.
    """

    inputs: Callable[[], list[tuple[Any, ...]]]
    slow: Callable[..., np.ndarray]
    mutants: dict[str, Callable[..., Any]]
    run: Callable[..., Tensor] = lambda fast, *arguments: fast(*arguments)
    scale: Callable[..., Tensor] = lambda twin, *arguments: twin.scale(*arguments)
    in_float64: bool = True
    size: Callable[..., np.ndarray] | None = None

    @cached_property
    def cases(self) -> list[tuple[tuple[Any, ...], np.ndarray]]:
        """Each input with the value of the definition there."""
        inputs = self.inputs()
        assert all(torch.equal(a, a.float().double()) for given in inputs for a in given if _is_tensor(a))
        return [(given, self.slow(*(exact(a) if _is_tensor(a) else a for a in given))) for given in inputs]


def _is_tensor(argument: Any) -> bool:
    return isinstance(argument, Tensor)


def cast(arguments: tuple[Any, ...], dtype: torch.dtype) -> tuple[Any, ...]:
    """The arguments with every tensor in this dtype."""
    return tuple(argument.to(dtype) if _is_tensor(argument) else argument for argument in arguments)


def worst(tie: Tie, twin: BoundedTwin, fast: Callable[..., Any], dtype: torch.dtype = torch.float32) -> float:
    """The largest |fast - slow| / (relative * scale) over all inputs, infinite where one is not finite.

    One smallest normal number is granted for each term that is added up: below it a term may be lost.
    """
    limits, largest = torch.finfo(dtype), 0.0
    relative = twin.relative * limits.eps / FLOAT32_EPS
    for given, expected in tie.cases:
        arguments = cast(given, dtype)
        result = tie.run(fast, *arguments)
        assert result.dtype == dtype
        scale = tie.scale(twin, *arguments).numpy().astype(np.float64)
        assert np.all(np.isfinite(scale))
        assert np.all(scale >= 0)
        terms = max(argument.shape[-1] for argument in given if _is_tensor(argument) and argument.ndim)
        allowed = relative * scale + terms * limits.smallest_normal
        ratio = distance(result.detach().numpy(), expected) / allowed
        largest = max(largest, float(np.max(ratio)))
    return largest


def float32_numbers(seed: int, *shape: int, scale: float = 1.0) -> Tensor:
    """Normal numbers that float32 holds exactly, as float64."""
    drawn = scale * np.random.default_rng([seed, *shape]).normal(size=shape)
    return float32_values(drawn)


def float32_values(values: Any) -> Tensor:
    return torch.as_tensor(values).float().double()


def _grid(*axes: Any) -> list[Tensor]:
    """All combinations, each a row of one number."""
    return [plane.reshape(-1, 1) for plane in torch.meshgrid(*map(float32_values, axes), indexing="ij")]


# --- KL ---------------------------------------------------------------------------------------------------------

NEAR = [s * m for m in (1e-22, 1e-15, 1e-8, 1e-5, 1e-3, 0.03, 0.3) for s in (1, -1)]
KL_LOGVARS = [0.0, *NEAR, 0.9999999, 1.0, 1.0000001, -0.9999999, -1.0, -1.0000001, 3, -3, 30, -30, 80, 88, -88, -100]
KL_MEANS = [0.0, *NEAR, 1.0, -7.0, 1e4, 1e18]


def _kl_inputs() -> list[tuple[Any, ...]]:
    random = [
        (float32_numbers(1, 16, 8, scale=scale), float32_numbers(2, 16, 8, scale=scale))
        for scale in (1e-12, 1e-6, 1e-3, 0.1, 1.0, 5.0)
    ]
    wide = (float32_numbers(3, 2, 512), float32_numbers(4, 2, 512))
    batches = (float32_numbers(5, 2, 3, 4), float32_numbers(6, 2, 3, 4))
    return [tuple(_grid(KL_MEANS, KL_LOGVARS)), *random, wide, batches]


def _kl(mu: Any, logvar: Any) -> np.ndarray:
    return ((expm1(logvar) - logvar + mu**2) / 2).sum(-1)


KL = Tie(
    inputs=_kl_inputs,
    slow=_kl,
    mutants={
        "logvar with the wrong sign": lambda mu, logvar: losses.kl_sum(mu, -logvar),
        "mu without its square": lambda mu, logvar: (losses.coordinate_kl(0 * mu, logvar) + mu.abs() / 2).sum(-1),
        "mu^2 without its half": lambda mu, logvar: losses.kl_sum(mu * 2**0.5, logvar),
        "the mean for the sum": lambda mu, logvar: losses.coordinate_kl(mu, logvar).mean(-1),
        "without the 1": lambda mu, logvar: losses.kl_sum(mu, logvar) + mu.shape[-1] / 2,
        "the definition itself, which cancels": spec.diagonal_gaussian_kl_to_standard_sum,
    },
)


# --- Bernoulli and binomial -------------------------------------------------------------------------------------

LOGITS = [0.0, *NEAR, 1.0, -1.0, 5, -5, 16.6, -16.6, 20, -20, 40, -40, 87, -87, 90, -90, 100, -100, 300, -300]


def _counts(seed: int, trials: int, *shape: int) -> Tensor:
    return torch.from_numpy(
        np.random.default_rng([seed, *shape]).integers(0, trials + 1, size=shape).astype(np.float64)
    )


def _logistic_inputs() -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    for trials in (1, 2, 16, 255, 65535):
        grid = _grid(sorted({0, 1, trials // 3, trials - 1, trials}), LOGITS)
        calls += [(*grid, trials), (_counts(1, trials, 6, 20), float32_numbers(2, 6, 20, scale=4.0), trials)]
    certain = float32_values(float32_numbers(3, 4, 30).abs() + 12)  # every coordinate predicted rightly, and surely
    x = _counts(4, 1, 4, 30)
    calls += [(x, certain * (2 * x - 1)), (x, certain * (1 - 2 * x))]
    return [
        *calls,
        (_counts(5, 1, 784), float32_numbers(6, 784, scale=3.0)),
        (_counts(7, 1, 2, 2, 5), float32_numbers(8, 2, 2, 5)),
    ]


def _logistic(x: Any, logits: Any, trials: int = 1) -> np.ndarray:
    softplus = np.vectorize(lambda v: MP.log1p(MP.exp(v)) if v < 0 else v + MP.log1p(MP.exp(-v)), otypes=[object])
    # (trials - x) softplus(l) + x softplus(-l): two positive terms, neither of which cancels
    return ((trials - x) * softplus(logits) + x * softplus(-logits) - log_choose(trials, x)).sum(-1)


def _by_torch(x: Tensor, logits: Tensor, trials: int = 1) -> Tensor:
    """trials * softplus(l) - x l: what one would write first."""
    coefficient = spec.likelihood(f"binomial:{trials}").log_density(x, torch.zeros_like(x)) + trials * np.log(2)
    return (trials * torch.nn.functional.softplus(logits) - x * logits - coefficient).sum(-1)


LOGISTIC = Tie(
    inputs=_logistic_inputs,
    slow=_logistic,
    mutants={
        "the wrong sign": lambda x, logits, trials=1: losses.logistic_nll(x, -logits, trials),
        "without the trials": lambda x, logits, trials=1: losses.logistic_nll(x, logits),
        "without log C(n, x)": lambda x, logits, trials=1: (
            (trials - x) * torch.nn.functional.softplus(logits) + x * torch.nn.functional.softplus(-logits)
        ).sum(-1),
        "the mean for the sum": lambda x, logits, trials=1: losses.logistic_nll(x, logits, trials) / x.shape[-1],
        "with terms that cancel": _by_torch,
    },
)


# --- Gaussian of one variance -----------------------------------------------------------------------------------


def _gaussian_inputs() -> list[tuple[Any, ...]]:
    moderate, huge, tiny = (0.0, 1e-4, -1.0, 1.0, -9.0, 9.0), (60.0, 80.0, 100.0), (-60.0, -80.0, -88.0)
    apart = (((4, 6), 1.0, moderate + huge), ((3, 784), 0.5, moderate + huge), ((2, 2, 5), 100.0, moderate + huge))
    # at a tiny variance only a small residual has a finite NLL in float32: residuals of 1e-6, 1e-12 and none
    close = tuple(((4, 6), reach, moderate + huge + tiny) for reach in (1e-6, 1e-12, 0.0))
    return [
        ((mean + float32_numbers(2, *shape, scale=reach)).float().double(), mean, float32_values(log_variance))
        for shape, reach, log_variances in (*apart, *close)
        for mean in (float32_numbers(1, *shape, scale=reach),)
        for log_variance in log_variances
    ]


def _gaussian_mutant(change: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """change(squared residual over s2, log_variance) -> twice the NLL of a coordinate."""
    return lambda x, mean, log_variance: (
        change(((x - mean) * torch.exp(-log_variance / 2)) ** 2, log_variance + 0 * x) / 2
    ).sum(-1)


LOG_TWO_PI = float(np.log(2 * np.pi))

GAUSSIAN = Tie(
    inputs=_gaussian_inputs,
    slow=lambda x, mean, log_variance: -BY_NAME["gaussian"].log_density(x, mean, log_variance).sum(-1),
    mutants={
        "without log(2 pi)": _gaussian_mutant(lambda square, lv: square + lv),
        "log(2 pi) once for all": _gaussian_mutant(lambda square, lv: square + lv + LOG_TWO_PI / square.shape[-1]),
        "log-variance with the wrong sign": _gaussian_mutant(lambda square, lv: square - lv + LOG_TWO_PI),
        "the deviation for the variance": lambda x, mean, lv: losses.gaussian_nll(x, mean, lv / 2),
        "the residual without its square": _gaussian_mutant(lambda square, lv: square.sqrt() + lv + LOG_TWO_PI),
        "the mean for the sum": lambda x, mean, lv: losses.gaussian_nll(x, mean, lv) / x.shape[-1],
    },
)


FIXED = (1e-6, 0.1, 1.0, 7.25, 1e6)


def _fixed_inputs() -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    for variance in FIXED:
        for shape in ((4, 6), (3, 784), (2, 2, 5)):
            mean = float32_numbers(1, *shape)
            calls.append(((mean + float32_numbers(2, *shape, scale=variance**0.5)).float().double(), mean, variance))
    return calls


GAUSSIAN_FIXED = Tie(
    inputs=_fixed_inputs,
    slow=lambda x, mean, variance: (
        -BY_NAME["gaussian"].log_density(x, mean, log(exact(np.full(x.shape, variance)))).sum(-1)
    ),
    mutants={
        "the deviation for the variance": lambda x, mean, variance: losses.gaussian_fixed_nll(x, mean, variance**0.5),
        "without the normaliser": lambda x, mean, variance: ((x - mean) ** 2 / (2 * variance)).sum(-1),
        "without its half": lambda x, mean, variance: losses.gaussian_fixed_nll(x, mean, variance / 2),
    },
)


# --- continuous Bernoulli ---------------------------------------------------------------------------------------

PARTS_OF_ONE = [0.0, 0.25, 0.5, 1.0]
TILTS = [s * t for t in (1e-3, 0.01, 0.2, 0.2499, 0.25, 0.2501, 0.3, 1.0, 5.0, 30.0, 80.0) for s in (1, -1)]


def _continuous_bernoulli(x: Any, logits: Any) -> np.ndarray:
    return -BY_NAME["continuous_bernoulli"].log_density(x, logits).sum(-1)


CONTINUOUS_BERNOULLI = Tie(
    inputs=lambda: [
        tuple(_grid(PARTS_OF_ONE, TILTS)),
        (float32_numbers(1, 12, 20).abs().clamp_max(1), float32_numbers(2, 12, 20, scale=3.0)),
        (float32_numbers(3, 2, 2, 5).abs().clamp_max(1), float32_numbers(4, 2, 2, 5)),
    ],
    slow=_continuous_bernoulli,
    mutants={
        "the Bernoulli": lambda x, logits: losses.logistic_nll(x, logits),
        "the wrong sign": lambda x, logits: losses.continuous_bernoulli_nll(x, -logits),
        "the mean for the sum": lambda x, logits: losses.continuous_bernoulli_nll(x, logits) / (1 + x.shape[-1]),
    },
)


# --- Poisson and negative binomial --------------------------------------------------------------------------------

LARGE = [0, 1, 2, 7, 300, 1e6, 1e15]
LOG_MEANS = [-60, -20, -1, 0, 3, 13.8, 20.7, 34.5, 34.538, 40]
LOG_DISPERSIONS = [-30, -5, -1, 0, 2.3, 10, 18, 27, 35, 36, 60]


def _observed(seed: int, *shape: int) -> tuple[Tensor, Tensor]:
    """Log-means of both sides of one, and counts around them."""
    log_mean = float32_values(float32_numbers(seed, *shape, scale=2.0) + 1)
    return torch.from_numpy(np.random.default_rng(seed).poisson(np.exp(log_mean.numpy())).astype(np.float64)), log_mean


def _poisson_inputs() -> list[tuple[Any, ...]]:
    return [tuple(_grid(LARGE, LOG_MEANS)), _observed(1, 6, 20), _observed(2, 2, 2, 5), _observed(3, 20, 30)]


def _negative_binomial_inputs() -> list[tuple[Any, ...]]:
    grid = [(*_grid(LARGE, LOG_MEANS), float32_values([dispersion])) for dispersion in LOG_DISPERSIONS]
    spread = [float32_numbers(3, 20, scale=4.0), float32_numbers(4, 5, scale=4.0)]
    return [*grid, (*_observed(1, 6, 20), spread[0]), (*_observed(2, 2, 2, 5), spread[1])]


def _by_lgamma(name: str, dtype: torch.dtype) -> Callable[..., Tensor]:
    """The definition as it stands, in this precision."""
    learned = {"negative_binomial": ["log_dispersion"]}.get(name, [])

    def nll(x: Tensor, output: Tensor, *others: Tensor) -> Tensor:
        values = {key: value.to(dtype) for key, value in zip(learned, others, strict=True)}
        density = spec.likelihood(name).log_density(x.to(dtype), output.to(dtype), **values)
        return -density.sum(-1).to(output.dtype)

    return nll


def _size(name: str) -> Callable[..., np.ndarray]:
    return lambda *arguments: BY_NAME[name].size(*arguments).sum(-1)


POISSON = Tie(
    inputs=_poisson_inputs,
    slow=lambda x, log_rate: -BY_NAME["poisson"].log_density(x, log_rate).sum(-1),
    size=_size("poisson"),
    in_float64=False,  # there log m - log k is itself rounded: tests/twins/test_counts.py
    mutants={
        "without log x!": lambda x, log_rate: (log_rate.exp() - x * log_rate).sum(-1),
        "the wrong sign": lambda x, log_rate: losses.poisson_nll(x, -log_rate),
        "the rate for its logarithm": lambda x, log_rate: losses.poisson_nll(x, log_rate.exp()),
        "the mean for the sum": lambda x, log_rate: losses.poisson_nll(x, log_rate) / x.shape[-1],
        "one count more": lambda x, log_rate: losses.poisson_nll(x + 1, log_rate),
        "the definition itself, which cancels": _by_lgamma("poisson", torch.float32),
    },
)

NEGATIVE_BINOMIAL = Tie(
    inputs=_negative_binomial_inputs,
    slow=lambda *arguments: -BY_NAME["negative_binomial"].log_density(*arguments).sum(-1),
    size=_size("negative_binomial"),
    in_float64=False,  # the same
    mutants={
        "log r with the wrong sign": lambda x, m, r: losses.negative_binomial_nll(x, m, -r),
        "r for the mean": lambda x, m, r: losses.negative_binomial_nll(x, m + r, r),
        "a Poisson": lambda x, m, r: losses.poisson_nll(x, m),
        "the mean for the sum": lambda x, m, r: losses.negative_binomial_nll(x, m, r) / x.shape[-1],
        "one count more": lambda x, m, r: losses.negative_binomial_nll(x + 1, m, r),
        "the definition itself, which cancels": _by_lgamma("negative_binomial", torch.float32),
        "the definition in float64, which cancels too": _by_lgamma("negative_binomial", torch.float64),
    },
)


# --- importance-weighted bound ----------------------------------------------------------------------------------


def _bound_inputs() -> list[tuple[Any, ...]]:
    spreads = (0.0, 1e-8, 1e-4, 1e-2, 0.3, 1.0, 5.0, 20.0, 100.0, 500.0)
    random = [
        (float32_values(centre + spread * float32_numbers(k, 3, k)),)
        for spread in spreads
        for centre in (0.0, -90.0, -1000.0)
        for k in (1, 2, 50)
    ]
    # one weight far above or below the rest, around the switch at 30 nats above the mean and beyond what exp holds
    gaps = (29.9, 29.99999, 30.0, 30.00001, 30.1, 88.0, 89.0, 500.0, 1e4)
    alone = [(float32_values([sign * gap * 8 / 7, *[0.0] * 7]),) for gap in gaps for sign in (1, -1)]
    return [*random, *alone, (float32_values(-90 + 1e-4 * float32_numbers(1, 2, 2000)),)]


BOUND = Tie(
    inputs=_bound_inputs,
    slow=lambda w: log_sum_exp(w) - log(exact(w.shape[-1])),
    mutants={
        "the sum for the mean": lambda w: torch.logsumexp(w, -1),
        "the mean weight, which is the ELBO": lambda w: w.mean(-1),
        "the largest weight": lambda w: w.amax(-1),
        "K - 1 for K": lambda w: torch.logsumexp(w, -1) - float(np.log(max(w.shape[-1] - 1, 0.5))),
        "weights with the wrong sign": lambda w: -losses.importance_weighted_bound(-w),
        "a switch that comes too late": spec.importance_weighted_bound,
    },
)


# --- Adam -------------------------------------------------------------------------------------------------------


def _adam_inputs() -> list[tuple[Any, ...]]:
    """(weights, gradient, first, second, step, learning rate, weight decay): small weights, so that updates show."""
    calls: list[tuple[Any, ...]] = []
    for step in (1, 2, 10, 1000, 100_000):
        for weight_scale in (1.0, 1e-4, 0.0):
            for gradient_scale in (1.0, 1e-5, 1e3):
                started = float(step > 1)
                weights = float32_numbers(1, 12, scale=weight_scale)
                gradient = float32_numbers(2, 12, scale=gradient_scale)
                first = float32_numbers(3, 12, scale=0.5 * gradient_scale) * started
                second = float32_values(float32_numbers(4, 12, scale=gradient_scale) ** 2) * started
                calls += [(weights, gradient, first, second, step, 1e-3, decay) for decay in (0.0, 0.01)]
    return calls


def _adam(weights: Any, gradient: Any, first: Any, second: Any, step: int, rate: float, decay: float) -> np.ndarray:
    """The new weights, the new first moment and the new second moment, one after the other."""
    b1, b2 = exact(0.9), exact(0.999)
    m, v = b1 * first + (1 - b1) * gradient, b2 * second + (1 - b2) * gradient**2
    direction = (m / (1 - b1**step)) / (sqrt(v / (1 - b2**step)) + exact(1e-8))
    return np.concatenate([weights - exact(rate) * exact(decay) * weights - exact(rate) * direction, m, v])


def _run_adam(
    fast: Callable[..., None],
    weights: Tensor,
    gradient: Tensor,
    first: Tensor,
    second: Tensor,
    step: int,
    rate: float,
    decay: float,
) -> Tensor:
    """The twin works in place on lists: on copies, of two halves."""
    lists = [[part.clone() for part in tensor.split(5)] for tensor in (weights, gradient, first, second)]
    moments = spec.AdamMoments(lists[2], lists[3])
    fast(lists[0], lists[1], moments, step=step, learning_rate=rate, weight_decay=decay)
    assert torch.equal(torch.cat(lists[1]), gradient)
    return torch.cat([*lists[0], *moments.first, *moments.second])


def _scale_adam(
    twin: BoundedTwin,
    weights: Tensor,
    gradient: Tensor,
    first: Tensor,
    second: Tensor,
    step: int,
    rate: float,
    decay: float,
) -> Tensor:
    """The twin's own scale for the weights; for the moments, the magnitudes of their two terms."""
    moments = spec.AdamMoments(first, second)
    of_weights = twin.scale(weights, gradient, moments, step=step, learning_rate=rate, weight_decay=decay)
    g = gradient.double()
    of_first = 0.9 * first.double().abs() + 0.1 * g.abs()
    return torch.cat([of_weights, of_first, 0.999 * second.double() + 0.001 * g**2])


def _adam_mutant(**changes: Any) -> Callable[..., None]:
    """The update in plain torch, with one thing changed."""

    def update(weights, gradients, moments, *, step, learning_rate, weight_decay=0.0):
        b1, b2 = changes.get("betas", (0.9, 0.999))
        for w, g, m, v in zip(weights, gradients, moments.first, moments.second, strict=True):
            gradient = g + weight_decay * w if changes.get("coupled") else g
            m.mul_(b1).add_((1 - b1) * gradient)
            v.mul_(b2).add_((1 - b2) * (gradient.abs() if changes.get("unsquared") else gradient**2))
            t = step + changes.get("late", 0)
            corrected = v / (1 - b2**t) if changes.get("corrected", True) else v
            root = (corrected + 1e-8).sqrt() if changes.get("inside") else corrected.sqrt() + 1e-8
            decay = 0.0 if changes.get("coupled") else weight_decay
            w.mul_(1 - learning_rate * decay).add_(changes.get("sign", -1) * learning_rate * (m / (1 - b1**t)) / root)

    return update


ADAM = Tie(
    inputs=_adam_inputs,
    slow=_adam,
    run=_run_adam,
    scale=_scale_adam,
    in_float64=False,  # there 1 - b2^t is itself rounded, to 1 part in 500 epsilons at step 2
    mutants={
        "uphill": _adam_mutant(sign=1),
        "without the second bias correction": _adam_mutant(corrected=False),
        "a step late": _adam_mutant(late=1),
        "the gradient without its square": _adam_mutant(unsquared=True),
        "epsilon under the root": _adam_mutant(inside=True),
        "decay through the gradient": _adam_mutant(coupled=True),
        "other betas": _adam_mutant(betas=(0.9, 0.99)),
    },
)

TIES = {
    "kl_sum": KL,
    "logistic_nll": LOGISTIC,
    "poisson_nll": POISSON,
    "negative_binomial_nll": NEGATIVE_BINOMIAL,
    "gaussian_nll": GAUSSIAN,
    "gaussian_fixed_nll": GAUSSIAN_FIXED,
    "continuous_bernoulli_nll": CONTINUOUS_BERNOULLI,
    "importance_weighted_bound": BOUND,
    "adam_update_": ADAM,
}
"""The check of each twin, by the name it has in `TWINS`."""

__all__ = ["ADAM", "TIES", "TWINS", "Tie", "cast", "exp", "float32_numbers", "float32_values", "floats", "worst"]
