"""A small step with an account of it written by hand: no part of the symbolic road is used.

The step says the name of each tensor, and the account has the place of it in a recording. A part of the step may be
replaced while the account stays: what the account says is then not what the code does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from vaelid.auditor.examination.bench import Bench, operations
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.findings.account import Account, Site, StatedDivergence, StatedLikelihood, StatedPosterior
from vaelid.auditor.findings.opinion import Check
from vaelid.auditor.formula.axes_of_terms import element_of, index_name, length_name
from vaelid.auditor.recording.calls import call_of, scalar_loss
from vaelid.auditor.recording.record import record
from vaelid.auditor.recording.state import unchanged
from vaelid.readings.terms.arrays import as_term

torch.set_num_threads(1)

B, L, D = 4, 2, 5
ROWS, LATENT, DATA = 0, 1, 2
LENGTHS = {ROWS: B, LATENT: L, DATA: D}
AXES = {"x": (ROWS, DATA), "m": (ROWS, LATENT), "v": (ROWS, LATENT), "eps": (ROWS, LATENT), "h": (ROWS, DATA)}
ZERO = as_term(0)


def half_squares(h: Tensor, x: Tensor) -> Tensor:
    """-log N(x; h, 1) at each place, without its constant."""
    return (x - h).square() / 2


def kl_to_standard(m: Tensor, v: Tensor) -> Tensor:
    """KL(N(m, e^v), N(0, 1)) at each place."""
    return (m.square() + v.exp() - 1 - v) / 2


def grey(*shape: int) -> Tensor:
    """Real data."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(7))


def binary(*shape: int) -> Tensor:
    """Data of 0 and 1; the first datum is 0, the second 1."""
    data = (torch.rand(shape, generator=torch.Generator().manual_seed(7)) > 0.5).float()
    data[0, :2] = torch.tensor([0.0, 1.0])
    return data


@dataclass
class Made:
    """A step, its batch, its weights, and the account of it."""

    step: Callable[..., Any]
    batch: Any
    weights: dict[str, nn.Parameter]
    account: Account


@dataclass
class Small:
    """The parts of a step with matrices for encoder and decoder."""

    noise: Callable[[Tensor], Tensor] = torch.randn_like
    sample: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda m, v, eps: m + (v / 2).exp() * eps
    nll: Callable[[Tensor, Tensor], Tensor] = half_squares
    kl: Callable[..., Tensor] = kl_to_standard
    encoded: Callable[[Tensor], Tensor] = lambda x: x
    output: Callable[[Tensor], Tensor] = lambda h: h
    total: Callable[[Tensor, Tensor], Tensor] = lambda nll, kl: nll.sum() + kl.sum()
    finish: Callable[[Tensor], Any] = lambda loss: loss
    data: Callable[..., Tensor] = grey
    family: str = "gaussian"
    weights: dict[str, nn.Parameter] = field(default_factory=dict)
    noted: dict[str, Tensor] = field(default_factory=dict)
    more: Callable[["Small", Tensor], Any] = lambda self, x: None
    """Called before anything else, as for noting a prior or a mask."""

    def __post_init__(self) -> None:
        g = torch.Generator().manual_seed(1)
        shapes = {"M": (D, L), "V": (D, L), "W": (L, D)}
        self.weights = {name: nn.Parameter(torch.randn(shape, generator=g) / 2) for name, shape in shapes.items()}

    def note(self, name: str, value: Tensor) -> Tensor:
        """Say the name of a tensor."""
        self.noted[name] = value
        return value

    def __call__(self, x: Tensor) -> Any:
        """The step."""
        self.noted.clear()
        extra = self.more(self, self.note("x", x))
        seen = self.encoded(x)
        m, v = self.note("m", seen @ self.weights["M"]), self.note("v", seen @ self.weights["V"])
        eps = self.note("eps", self.noise(m))
        z = self.sample(m, v, eps)
        h = self.output(self.note("h", z @ self.weights["W"]))
        kl = self.kl(m, v) if extra is None else self.kl(m, v, extra)
        return self.finish(self.total(self.nll(h, x), kl))

    def made(self, **stated: Any) -> Made:
        """With an account of one Gaussian posterior, the prior N(0, 1) and one likelihood, or as stated."""
        batch = self.data(B, D)
        return Made(self, batch, self.weights, account_for(self, batch, self.noted, AXES, self.family, **stated))


def account_for(step: Any, batch: Any, noted: dict[str, Tensor], axes: Any, family: str, **stated: Any) -> Account:
    """By the places of the noted tensors in a recording."""
    call = call_of(batch)
    with unchanged([step], [batch]) as state:
        recording = record(step, call.arguments, call.tensors, scalar_loss, state)
        sites = {}
        number = -1
        numbers = {}
        for event in recording.events:
            number += not event.name.startswith("aten.detach")
            numbers[event.number] = number
        for name, tensor in noted.items():
            shape = tuple(LENGTHS[axis] for axis in axes.get(name, ()))
            for (at, region), made in recording.made.items():
                if made is tensor and name not in sites:
                    sites[name] = Site(numbers[at], recording.events[at].outputs.index(region), shape)
            for position, given in enumerate(recording.given.values()):
                if given is tensor:
                    sites[name] = Site(None, position, shape)
    posterior = StatedPosterior(
        (ROWS, LATENT), term("m", axes), term("v", axes), {"eps": (term("eps", axes), (ROWS, LATENT))}
    )
    likelihood = StatedLikelihood(
        family, NAMES.get(family, family), False, (term("x", axes), term("h", axes)), (ROWS, DATA)
    )
    plain = Account(
        operations=operations(recording),
        sites=sites,
        composed={},
        written={},
        lengths={name(axis): length for axis, length in LENGTHS.items() for name in (index_name, length_name)},
        posteriors=(posterior,),
        divergences=(StatedDivergence(0, (ZERO, ZERO), False, False, (ROWS, LATENT)),),
        likelihoods=(likelihood,),
        summands=frozenset({0}),
        unread=0,
        data=frozenset({"x"}),
        outputs=frozenset({"h"}),
        branches=False,
        untrained=False,
        clamps=False,
        beta=1.0,
        scale=1.0,
    )
    return replace(plain, **stated)


NAMES = {"binomial": "binomial of 8 trials"}


def term(name: str, axes: Any = AXES) -> Any:
    """The element of a noted array."""
    return element_of(name, axes[name])


def likelihood(family: str = "gaussian", **stated: Any) -> StatedLikelihood:
    """Of x, with the output h."""
    plain = StatedLikelihood(family, NAMES.get(family, family), False, (term("x"), term("h")), (ROWS, DATA))
    return replace(plain, **stated)


def run(check: Callable[[Examined], None], made: Made, **known: Any) -> Examined:
    """One check of a step, with what is known before it."""
    with unchanged([made.step], [made.batch]) as state:
        examined = Examined(Bench(made.step, made.batch, scalar_loss, state), made.account, **known)
        check(examined)
    return examined


def of(examined: Examined, name: str) -> list[Check]:
    """The results of this name."""
    return [check for check in examined.checks if check.name == name]


def one(examined: Examined, name: str) -> Check:
    """The only one."""
    (found,) = of(examined, name)
    return found


def passes(examined: Examined) -> dict[str, bool]:
    """By name, whether all of it passed."""
    names = dict.fromkeys(check.name for check in examined.checks)
    return {name: all(check.passed for check in of(examined, name)) for name in names}


def single(value):
    """The same, and no code for double precision: it stays in float32."""
    if value.dtype != torch.float32:
        raise TypeError("float32, please")
    return value
