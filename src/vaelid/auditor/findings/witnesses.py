"""Witnesses: two numbers that exclude each other, and those of what a recording shows of noise and gradients.

In come two numbers, exact or in balls; out goes a `Witness` with as many digits as tell them apart. For uniform noise
it is the kurtosis of z, 1.8, where that of a Gaussian is 3.
"""

from collections.abc import Mapping
from fractions import Fraction

from flint import arb, ctx, fmpq

from vaelid.auditor.findings.report import Witness

__all__ = [
    "correlation",
    "least_of_two_priors",
    "no_slope_of_divergence",
    "no_slope_of_likelihood",
    "no_slope_through",
    "separated",
    "too_few",
    "uniform",
    "without_noise",
    "wrong_sign",
]


# A float's digits first, since most numbers differ in these; a ball of 128 bits has no more than the last.
_DIGITS = (12, 24, 36)


_Value = arb | Fraction | int


def separated(point: Mapping[str, str], computed: _Value, expected: _Value, meaning: str) -> Witness:
    """The witness of two numbers, with as many digits as it takes to see that they exclude each other.

    Raises `ValueError` where they do not.
    """
    balls = [_ball(value) for value in (computed, expected)]
    for digits in _DIGITS:
        shown = [_shown(value, digits) for value in (computed, expected)]
        if not _overlap(shown, balls):
            return Witness(dict(point), shown[0], shown[1], meaning)
    raise ValueError(f"{balls[0]} and {balls[1]} do not exclude each other")


def _ball(value: _Value) -> arb:
    if isinstance(value, arb):
        return value
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def _shown(value: _Value, digits: int) -> str:
    """An exact number, or the one that a float stands for, as a decimal where that is short; else a ball."""
    if not isinstance(value, arb):
        exact, said = Fraction(value), f"{float(value):.12g}"
        if exact in (Fraction(said), Fraction(float(said))):
            return said
    said = _ball(value).str(digits)
    return said.rstrip("0").rstrip(".") if "." in said and not {"+", "e"} & {*said} else said


def _overlap(shown: list[str], balls: list[arb]) -> bool:
    with ctx.workprec(192):  # more than the balls of any search have: what is read back is not rounded again
        return balls[0].overlaps(balls[1]) or arb(shown[0]).overlaps(arb(shown[1]))


# noise


def uniform() -> Witness:
    """Of z = mean + deviation * u, u uniform: its fourth moment about the mean over its variance squared is 9/5."""
    meaning = "the kurtosis of z, E (z - E z)^4 / Var(z)^2, whatever its mean and deviation; that of a Gaussian"
    return separated({}, Fraction(9, 5), 3, meaning)


def correlation(of: str, share: Fraction = Fraction(1)) -> Witness:
    """Of what has to be independent, and has this share of its variance from one draw."""
    return separated({}, share, 0, f"the correlation of {of}; they have to be independent")


def without_noise(how: str = "given the data") -> Witness:
    """Of a latent that is not drawn, or drawn once for all."""
    meaning = f"the variance of what is decoded, {how}; that of q(z|x)"
    return separated({"logvar": "0"}, 0, 1, meaning)


def too_few(here: int, whole: int, of: str) -> Witness:
    """Of a part that stands for the whole."""
    return separated({}, here, whole, f"how many {of} stand in the loss; how many there are")


def least_of_two_priors() -> Witness:
    """Of a q that is held against two priors: 2 KL(q || N(0, 1)) + 1 is KL(q || N(1, 1)) + KL(q || N(-1, 1))."""
    meaning = "the least KL(q || N(1, 1)) + KL(q || N(-1, 1)) of every q; the least KL to one prior"
    return separated({}, 1, 0, meaning)


def wrong_sign(weight: arb, of: str) -> Witness:
    """Of a term that is subtracted where it has to be added."""
    return separated({}, weight, abs(weight), f"the weight of {of} at these sizes, in nats; the same, added")


# gradients


def no_slope_of_divergence(of: str) -> Witness:
    """Of a loss that does not move as a KL has to, or not in torch."""
    meaning = f"the slope in mu of {of}; that of the KL in nats, of which it has to be a positive multiple"
    return separated({"mu": "1", "logvar": "0"}, 0, 1, meaning)


def no_slope_of_likelihood(output: str, variance: str = "") -> Witness:
    """Of a loss that does not move with what a decoder put out: a mean, or the log-variance beside it."""
    if variance:
        meaning = f"the slope of the loss in {variance}; that of -log p of a Gaussian with it as its log-variance"
        return separated({"x": "0", output: "0", variance: "0"}, 0, Fraction(1, 2), meaning)
    meaning = f"the slope of the loss in {output}; that of -log p of a Gaussian of variance 1, up to its weight"
    return separated({"x": "0", output: "1"}, 0, 1, meaning)


def no_slope_through(point: Mapping[str, str], of: str) -> Witness:
    """Of what keeps its value, and not its gradient."""
    return separated(point, 0, 1, f"the slope of {of}, as torch has it; as its value has it")
