"""What a point that was found shows, in words: the facts of a refutation come in, a `Refutation` goes out.

The search decides, and this file says it. For example, `effects_do_not_add_up` gets the moves, what they do together
and what each does alone, and says "its terms do not add up: moving x[0] and x[1] together changes it by 2, ...".
It is longer than other files because every sentence of a point stands here.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.refutation.loss_at_points import Point

__all__ = [
    "another_bernoulli",
    "another_declared_prior",
    "another_level",
    "another_level_for_its_curvature",
    "another_slope",
    "compared_with_another_row",
    "compared_with_nothing",
    "depends_on_nothing",
    "effects_do_not_add_up",
    "element_name",
    "falls_without_end",
    "flat_in_two_data",
    "moves_beside_the_posteriors",
    "no_combination",
    "no_data",
    "no_minimum",
    "no_parameter_of_a_prior",
    "no_quadratic",
    "no_slope_in_noise",
    "no_weight",
    "not_normalised",
    "not_of_the_family",
    "same_odds",
    "weights_differ",
]


_IN_NATS = "that, up to its weight, in -log p of a {} of scale 1, in nats,"


def element_name(at: At) -> str:
    """An element as it is named in a witness: ``mu[0, 1]``."""
    name, place = at
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def _all(elements: Sequence[At]) -> str:
    return ", ".join(map(element_name, elements))


def _point(point: Point) -> dict[str, str]:
    """A point as it stands in a witness."""
    return {element_name(at): str(value) for at, value in point.items()}


def _words(point: Point) -> str:
    """A point as it stands in a sentence."""
    return ", ".join(f"{name} = {value}" for name, value in _point(point).items()) or "where it was recorded"


# a sample


_NO_SAMPLE = "z is no function of a mean plus a deviation times the noise, so no sample of a Gaussian:"


def no_slope_in_noise(noise: str, other: str, number: Fraction, slope: arb) -> Refutation:
    """Of a sample that moves with something, and not with its noise."""
    sentence = (
        f"{_NO_SAMPLE} where the noise is {number}, z moves with {other} and not with the noise, as behind a clamp."
    )
    meaning = f"the slope of z in {other} where the noise is {number}; that in the noise is 0 there"
    return Refutation(separated({noise: str(number)}, slope, 0, meaning), sentence)


def another_slope(noise: str, other: str, computed: arb, expected: arb) -> Refutation:
    """Of a sample whose slopes have a ratio that is not affine in the noise."""
    sentence = (
        f"{_NO_SAMPLE} the ratio of its slopes in {other} and in the noise is {computed.str(6)} where the noise is 2, "
        f"and a line through those at 1 and 3 gives {expected.str(6)}."
    )
    meaning = "the ratio of the slopes of z where the noise is 2; on the line through those at 1 and 3"
    return Refutation(separated({noise: "2"}, computed, expected, meaning), sentence)


# a likelihood of one place


def not_of_the_family(family: str, witness: Witness) -> Refutation:
    """Of a term that no weight and constant make a likelihood of its family."""
    at = ", ".join(f"{name} = {value}" for name, value in witness.point.items())
    sentence = (
        f"no weight and constant make it the negative log-likelihood of a {family} with the decoder's output as "
        f"parameter: at {at} it is {witness.computed}, and would have to be {witness.expected}."
    )
    return Refutation(witness, sentence)


def not_normalised(
    where: Mapping[str, str], first: Mapping[str, str], computed: arb, expected: arb, what: str
) -> Refutation:
    """Of a quadratic in the datum whose exponential's integral moves from the `first` point to another."""
    there = ", ".join(f"{name} = {value}" for name, value in first.items())
    meaning = f"{what}, where it is A x^2 + B x + C in the data x: the second number is that at {there}"
    sentence = (
        "it is the negative logarithm of no density: the integral of its exponential over the data moves "
        f"with the decoder's output ({what} is {computed.str(6)} and {expected.str(6)})."
    )
    return Refutation(separated(where, computed, expected, meaning), sentence)


def falls_without_end(
    point: Mapping[str, str], x: str, near: tuple[Fraction, arb], far: tuple[Fraction, arb]
) -> Refutation:
    """Of a polynomial that is smaller `far` out than `near`: where, and its value there."""
    meaning = f"the term there, and at {x} = {near[0]}: it has to grow for its exponential to be integrable"
    sentence = f"it is the negative logarithm of no density: it falls without end as {x} goes to {far[0]}."
    return Refutation(separated({**point, x: str(far[0])}, far[1], near[1], meaning), sentence)


# effects of moves


def effects_do_not_add_up(moves: Point, together: arb, alone: arb) -> Refutation:
    """Of two elements that change the loss together by more or less than each does."""
    sentence = (
        f"its terms do not add up: moving {' and '.join(map(element_name, moves))} together changes it by "
        f"{together.str(6)}, each alone by {alone.str(6)} in all. An ELBO is a sum over rows, places and coordinates."
    )
    meaning = "the change of the loss where both move; the sum of the changes where each moves alone"
    return Refutation(separated(_point(moves), together, alone, meaning), sentence)


def moves_beside_the_posteriors(moves: Point, there: arb, here: arb) -> Refutation:
    """Of two elements that move the loss, and no posterior."""
    one, other = map(element_name, moves)
    sentence = (
        f"it moves by {(there - here).str(6)} where {one} and {other} move so that "
        "no mean or variance of a posterior does: its KL is of another posterior."
    )
    return Refutation(separated(_point(moves), there, here, "the loss there; where it was"), sentence)


def depends_on_nothing(at: At, moved: Point, there: arb, here: arb) -> Refutation:
    """Of an element that the loss depends on for nothing."""
    sentence = (
        f"it depends on {element_name(at)}, which is compared with no data and is no latent's, nor a prior's, mean or "
        f"variance: moving it changes the loss by {(there - here).str(6)}."
    )
    return Refutation(separated(_point(moved), there, here, "the loss there; where it was"), sentence)


# coordinates of latents


def no_combination(elements: Sequence[At], point: Point, computed: arb, expected: arb) -> Refutation:
    """Of a coordinate whose part of the loss is no combination of what a KL is made of."""
    sentence = (
        f"in {_all(elements)} it is no multiple of a KL to a normal prior: where a (mu^2 + sigma^2) + b mu + "
        f"c log sigma^2 + d is fitted to other points, it would have to be {expected.str(12)} at "
        f"{_words(point)}, and is {computed.str(12)}."
    )
    meaning = "the loss there; what it would have to be, from its values at other points"
    return Refutation(separated(_point(point), computed, expected, meaning), sentence)


def no_weight(elements: Sequence[At], weight: arb) -> Refutation:
    """Of a coordinate whose divergence has no weight, or a negative one."""
    sentence = (
        f"in {_all(elements)} it has no KL, or one of the wrong sign: the weight of log sigma^2 there is "
        f"{(-weight / 2).str(6)}."
    )
    meaning = (
        "the weight of log sigma^2, from the loss at four points; that in the KL in nats, of which it has to be a "
        "positive multiple"
    )
    return Refutation(separated({}, -weight / 2, Fraction(-1, 2), meaning), sentence)


def weights_differ(elements: Sequence[At], weight: arb, of_first: Sequence[At], wanted: arb) -> Refutation:
    """Of two coordinates whose divergences have different weights."""
    mine, its = _all(elements), _all(of_first)
    sentence = f"its KL has the weight {weight.str(6)} at {mine}, and {wanted.str(6)} at {its}."
    meaning = f"the weight of log sigma^2 at {mine}; that at {its}"
    return Refutation(separated({}, weight / 2, wanted / 2, meaning), sentence)


def another_declared_prior(elements: Sequence[At], computed: arb, expected: arb | int, meaning: str) -> Refutation:
    """Of a KL to another prior than N(0, I), which was declared; `meaning` is "what was computed; what is expected"."""
    witness = separated({}, computed, expected, meaning)
    what, _, wanted = meaning.partition("; ")
    sentence = (
        f"in {_all(elements)} it is no multiple of the KL to N(0, I): {what}, is {witness.computed}, and would have to "
        f"be {witness.expected}, {wanted}."
    )
    return Refutation(witness, sentence)


def no_parameter_of_a_prior(elements: Sequence[At], moved: Point, there: arb, here: arb) -> Refutation:
    """Of an element that moves a KL, and is no mean and no variance of its prior."""
    sentence = (
        f"{_words(moved)} is no parameter of a normal prior of {_all(elements)}: the KL to the prior it would be of is "
        "not what the loss has, up to one constant."
    )
    meaning = "the constant beside the KL there; where the parameter was"
    return Refutation(separated(_point(moved), there, here, meaning), sentence)


# places of data


def no_data() -> Refutation:
    """Of a loss in which no data stand."""
    meaning = f"the slope of the loss in a datum; {_IN_NATS.format('Gaussian')} where it is 1 above the mean"
    return Refutation(separated({}, 0, 1, meaning), "no data stand in the loss.")


def _of_both(likelihood: str | None) -> str:
    """The meaning of two numbers that are about a datum and an output."""
    return (
        "what moving a datum and its output together changes, beyond what each does alone; "
        f"{_IN_NATS.format(likelihood)} where both move by 1"
    )


def compared_with_nothing(at: At, moved: Point, alone: arb, mixed: arb, likelihood: str | None) -> Refutation:
    """Of a datum that moves the loss by the same, whatever the decoder puts out."""
    sentence = (
        f"{element_name(at)} is compared with no output: moving it changes the loss by {alone.str(6)}, whatever the "
        "decoder puts out."
    )
    together = -2 if likelihood == "laplace" else -1
    return Refutation(separated(_point(moved), mixed, together, _of_both(likelihood)), sentence)


def compared_with_another_row(point: Point, together: arb, alone: arb) -> Refutation:
    """Of a datum and another row's output, whose effects do not add up."""
    datum, output = map(element_name, point)
    sentence = f"{datum} is compared with {output} too, an output of another row: no row has a likelihood of its own."
    meaning = f"what moving {datum} and {output} together changes in the loss; what each does alone, added"
    return Refutation(separated(_point(point), together, alone, meaning), sentence)


def flat_in_two_data(one: At, other: At, share: arb) -> Refutation:
    """Of two data in which the loss is a parabola that does not rise everywhere: no density has it as its logarithm."""
    names = " and ".join(map(element_name, (one, other)))
    sentence = f"it does not rise where {names} move together in some ratio: no normalised likelihood of both is flat."
    meaning = (
        f"the determinant of its second derivatives in {names}, over the product of the two unmixed ones; above 0 in "
        "every Gaussian, 1 in one of independent places"
    )
    return Refutation(separated({}, share, 1, meaning), sentence)


def same_odds(at: At, point: Point, first: arb, moved: arb, likelihood: str | None) -> Refutation:
    """Of a datum that is as likely to be 1 as it is, whatever the decoder puts out."""
    sentence = (
        f"{element_name(at)} being 1 instead of 0 changes it by {first.str(6)}, whatever the decoder puts out: it is "
        "no likelihood of the decoder's."
    )
    return Refutation(separated(_point(point), moved, -1, _of_both(likelihood)), sentence)


def no_quadratic(at: At, point: Point, computed: arb, expected: arb) -> Refutation:
    """Of a datum in which the loss is no parabola."""
    sentence = (
        f"in {element_name(at)} it is no quadratic, as a Gaussian's is: {computed.str(6)}, not {expected.str(6)}."
    )
    meaning = "the loss there; the quadratic through three other points"
    return Refutation(separated(_point(point), computed, expected, meaning), sentence)


def no_minimum(at: At, point: Point, curvature: arb) -> Refutation:
    """Of a datum in which the loss is a parabola that does not open upwards."""
    sentence = f"in {element_name(at)} it has no minimum, as a Gaussian's has: its second derivative is not positive."
    meaning = f"half the second derivative in the datum; {_IN_NATS.format('Gaussian')}"
    return Refutation(separated(_point(point), curvature, Fraction(1, 2), meaning), sentence)


def another_level(at: At, point: Point, found: arb, level: arb) -> Refutation:
    """Of a datum over which the smallest value moves with the output, and the curvature does not."""
    sentence = (
        f"it is no normalised likelihood of {element_name(at)}: its smallest value over the datum moves with "
        f"the decoder's output, {level.str(6)} and {found.str(6)}."
    )
    meaning = "the smallest value over the datum; that at other outputs"
    return Refutation(separated(_point(point), found, level, meaning), sentence)


def another_level_for_its_curvature(
    at: At, point: Point, weight: arb, curvatures: tuple[arb, arb], found: arb, wanted: arb
) -> Refutation:
    """Of a datum over which the smallest value does not move as a scale's logarithm does."""
    sentence = (
        f"it is no normalised likelihood of {element_name(at)} with the KL's weight {weight.str(6)}: "
        f"its curvature over the datum moves from {curvatures[0].str(6)} to {curvatures[1].str(6)}, so its smallest "
        f"value would have to be {wanted.str(6)}, and is {found.str(6)}."
    )
    meaning = "the smallest value over the datum; what its curvature asks for"
    return Refutation(separated(_point(point), found, wanted, meaning), sentence)


def another_bernoulli(at: At, point: Point, there: arb, here: arb) -> Refutation:
    """Of a datum whose probabilities of 0 and 1 do not add up to one number for all outputs."""
    sentence = (
        f"it is no Bernoulli likelihood of {element_name(at)}: the probabilities of 0 and 1 that it gives do not "
        "add up to one for all outputs."
    )
    meaning = "the constant of the likelihood at these outputs; that at others"
    return Refutation(separated(_point(point), there, here, meaning), sentence)
