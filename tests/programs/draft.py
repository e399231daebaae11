"""A program while it is being written, and the choices that write it.

A choice is a value on one axis, for instance ``softplus`` on the axis ``spread``. It writes lines of the step into a
`Draft` and keeps count of what they mean: how many NLLs and KLs the loss holds. Nothing here imports vaelid.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Names = Mapping[str, str]


@dataclass
class Gaussian:
    """A normal distribution as expressions of the program; all the user's closed forms are made of these four."""

    mean: str
    std: str
    var: str
    logvar: str


@dataclass
class Draft:
    """The parts of a program, in the order of its lines.

    Attributes:
        names: the choice on each axis.
        rows, places, latents: B, D and L of the batch and the model.
        numbers: a generator for free choices, seeded by the program's number.
        networks: name -> expression of each layer and parameter.
        inputs: name -> expression of each part of the batch.
        constants: lines at the head of the module.
        features, width: what the encoder takes, and its length.
        code, code_width: what the decoder takes, and its length.
        outputs: how many numbers the decoder puts out.
        raw: the name of the encoder's second output.
        posterior: what the KL is written with. A change may write the KL with something else.
        drawn: mean and std that the sampler uses.
        truth: mean and std of the posterior; the oracle's, never changed.
        prior: None for N(0, I).
        rec_scale, kl_scale: how many NLLs `nll` is, and how many KLs `kl`.
        rec_factor, kl_factor: what reduction and weights multiply the sums of `nll` and `kl` by.
        rec_term, kl_term: `rec` and `kld` with their weights.
        returned, backward: what the step returns, and what goes back in frames that do so.
        join: from the NLLs of several draws at once to one.
        zeroed_between: whether gradients are set to 0 between two terms that go back.
        renamed: variables that are called otherwise in the text.
        ready: lines after the networks are made.
        draws, loop: how many draws of z, and whether they are made one after the other.
        declared: what the user tells the audit.
        kl_by_row: whether `kl` has one number a row, and not one a latent.
        kl_at_draw: whether `kl` is log q - log p at z, and not in closed form.
        oracle_nll, oracle_kl: expressions by torch.distributions, summed.
        oracle_weight: of what the oracle sees in one pass of a loop over draws.
    """

    names: Names
    rows: int
    places: int
    latents: int
    numbers: random.Random
    networks: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)
    features: str = "x"
    width: int = 0
    code: str = "z"
    code_width: int = 0
    outputs: int = 0
    raw: str = "raw"
    before: list[str] = field(default_factory=list)
    encode: list[str] = field(default_factory=list)
    spread: list[str] = field(default_factory=list)
    sample: list[str] = field(default_factory=list)
    decode: list[str] = field(default_factory=list)
    nll: list[str] = field(default_factory=list)
    kl: list[str] = field(default_factory=list)
    reduce: list[str] = field(default_factory=list)
    total: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    rec_term: str = "rec"
    kl_term: str = "kld"
    returned: str = "loss"
    backward: str = "loss"
    posterior: Gaussian | None = None
    drawn: Gaussian | None = None
    truth: Gaussian | None = None
    prior: Gaussian | None = None
    tril: str = "tril"
    rec_scale: float = 1.0
    kl_scale: float = 1.0
    rec_factor: float = 1.0
    kl_factor: float = 1.0
    kl_by_row: bool = False
    kl_at_draw: bool = False
    draws: int = 1
    loop: bool = False
    join: str = "nll.mean(0)"
    zeroed_between: bool = False
    renamed: dict[str, str] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)
    oracle_nll: str = ""
    oracle_kl: str = ""
    upper_kl: str = ""
    declared: dict[str, object] = field(default_factory=dict)

    @property
    def beta(self) -> float:
        """The weight of the KL relative to the NLL."""
        return self.kl_factor * self.kl_scale / (self.rec_factor * self.rec_scale)

    @property
    def full(self) -> bool:
        """Whether the posterior has a full covariance."""
        return self.names["spread"] == "cholesky"


@dataclass(frozen=True)
class Choice:
    """A value on an axis.

    Attributes:
        axis: the name of the axis.
        name: of the value.
        write: writes its part of the program.
        fits: whether it can stand beside these choices on the axes before it.
    """

    axis: str
    name: str
    write: Callable[[Draft], None]
    fits: Callable[[Names], bool] = lambda names: True


AXES: dict[str, dict[str, Choice]] = {}


def choice(axis: str, fits: Callable[[Names], bool] = lambda names: True):
    """A decorator: the function writes a value on this axis, named as the function is."""

    def add(write: Callable[[Draft], None]) -> Callable[[Draft], None]:
        values = AXES.setdefault(axis, {})
        assert write.__name__ not in values, write.__name__
        values[write.__name__] = Choice(axis, write.__name__, write, fits)
        return write

    return add
