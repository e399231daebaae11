"""The data and the likelihoods: how -log p of each datum is written, and what torch.distributions gives for it."""

from dataclasses import dataclass

from .draft import AXES, Choice, Draft


@dataclass(frozen=True)
class Data:
    """A kind of data: the expression that makes them, and how the encoder takes them.

    Attributes:
        make: of the sizes B and D (numbers of the program).
        features: what the encoder takes.
        width: numbers of features a datum.
        layers: networks needed for that.
    """

    make: str
    features: str = "x"
    width: int = 1
    layers: tuple[tuple[str, str], ...] = ()


DATA = {
    "real": Data("torch.randn({B}, {D})"),
    "binary": Data("(torch.rand({B}, {D}) > 0.5).float()"),
    "grey": Data("0.05 + 0.9 * torch.rand({B}, {D})"),
    "flagged": Data("torch.cat([torch.randn({B}, {D} - 1), (torch.rand({B}, 1) > 0.5).float()], dim=1)"),
    "bytes": Data("torch.randint(0, 256, ({B}, {D})) / 127.5 - 1"),
    "counts": Data("torch.poisson(torch.full(({B}, {D}), 3.0))", "torch.log1p(x)"),
    "few": Data("torch.randint(0, 6, ({B}, {D})).float()", "(x / 5)"),
    "positive": Data("0.1 + torch.rand({B}, {D}) * 3", "x.log()"),
    "tokens": Data("torch.randint(0, 3, ({B}, {D}))", "embed(x).flatten(1)", 2, (("embed", "nn.Embedding(3, 2)"),)),
    "one_hot": Data("F.one_hot(torch.randint(0, 3, ({B}, {D})), 3).float()", "x.flatten(1)", 3),
}


@dataclass(frozen=True)
class Likelihood:
    """A way to write a negative log-likelihood.

    Attributes:
        data: the kind of data.
        lines: of the program; they make `nll` from `out` and x.
        law: p(x | z) by torch.distributions; or, where it starts with "=", -log p itself.
        outputs: numbers that the decoder puts out for a datum.
        scale: how many NLLs `nll` is.
        layers: parameters besides the decoder.
        family: as a user declares it; None where there is no word.
        draws: whether the lines hold for `out` with one axis more, in front.
        single: whether the lines hold for one row.
        other_scales: effective scales that are right too, where the variance is a matter of taste.
    """

    data: str
    lines: tuple[str, ...]
    law: str
    outputs: int = 1
    scale: float = 1.0
    layers: tuple[tuple[str, str], ...] = ()
    family: str | None = None
    draws: bool = True
    single: bool = True
    other_scales: tuple[float, ...] = ()


LIKELIHOODS: dict[str, Likelihood] = {}


def add(name: str, data: str, lines: str, law: str, **options) -> None:
    """A likelihood on its axis."""
    likelihood = Likelihood(data, tuple(lines.splitlines()), law, **options)
    LIKELIHOODS[name] = likelihood

    def write(draft: Draft) -> None:
        _write(draft, likelihood)

    AXES.setdefault("likelihood", {})[name] = Choice("likelihood", name, write)


def _write(draft: Draft, likelihood: Likelihood) -> None:
    sizes = {"B": draft.rows, "D": draft.places}
    data = DATA[likelihood.data]
    draft.inputs["x"] = data.make.format(**sizes)
    draft.networks |= {name: layer.format(**sizes) for name, layer in (*data.layers, *likelihood.layers)}
    draft.features, draft.width = data.features, data.width * draft.places
    draft.outputs = likelihood.outputs * draft.places
    draft.nll = [line.format(**sizes) for line in likelihood.lines]
    draft.rec_scale = likelihood.scale
    law = likelihood.law.format(**sizes)
    draft.oracle_nll = law[1:] if law.startswith("=") else f"-{law}.log_prob(x)"
