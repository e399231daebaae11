"""Witnesses that a whole loss is not what was declared, at the recorded sizes, in ball arithmetic.

c (NLL + beta KL) + const is a sum: of one term for each coordinate of a latent, which is c beta times a KL to a normal
prior, and one for each place of the data, which is c times a negative log-likelihood. So moving one coordinate and
another place moves it by the sum of what each does; what one coordinate does is in the span of mu^2 + sigma^2, mu,
log sigma^2 and 1, with one weight for all; and a likelihood is normalised. A loss that fails one of these is refuted.
"""

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property

import flint
from flint import arb

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.circuit import At
from vaelid.auditor.model.question import Question
from vaelid.auditor.refutation.latents import OfLatents
from vaelid.auditor.refutation.search import LEAST, STEPS, Refutation, said, shown, some
from vaelid.auditor.refutation.whole_loss import Point, Whole

__all__ = ["not_declared"]


_PRECISION = 128
_IN_NATS = "that, up to its weight, in -log p of a {} of scale 1, in nats,"


def not_declared(question: Question, declared: Declared) -> Refutation | None:
    """A witness that the loss is c (NLL + beta KL) + const for no c > 0, and a sentence; None where there is none.

    Without a declared likelihood or prior, only what holds for every one is looked at.
    """
    whole = Whole(question)
    if not question.posteriors or not whole.can_be_valued or _sees_unread(whole):
        return None
    with flint.ctx.workprec(_PRECISION):
        return next(_Search(whole, declared).refutations(), None)


def _sees_unread(whole: Whole) -> bool:
    """Whether an array in the loss was made from a posterior by what is not looked into, and not through a sample."""
    question = whole.question
    sampled = {name for p in question.posteriors for name in p.draws}
    names = whole.names & set(question.derived)
    return any(not question.drawn.get(name, frozenset()) & sampled for name in names)


class _Search(OfLatents):
    def refutations(self) -> Iterator[Refutation]:
        if not self.coordinates:
            return
        of_latents = (self.no_divergences, self.coordinates_that_mix, self.not_through_posteriors, self.no_priors)
        of_data = (self.places_that_mix, self.no_likelihoods) if self.likelihood is not None else ()
        for search in (*of_data, *of_latents) if self.whole.bends else (*of_latents, *of_data):  # the quick ones first
            yield from search()

    def places_that_mix(self) -> Iterator[Refutation]:
        """Two places of the data whose effects do not add up."""
        for at in some(self.data):
            yield from self.mixed(at, [other for other in self.data if other != at])

    def no_likelihoods(self) -> Iterator[Refutation]:
        """Places at which the loss is no negative log-likelihood of the declared family."""
        if not self.data:
            meaning = f"the slope of the loss in a datum; {_IN_NATS.format('Gaussian')} where it is 1 above the mean"
            yield separated({}, 0, 1, meaning), "no data stand in the loss."
        for at in some(self.data):
            if self.late:
                return
            outputs = self.paired(at)
            if not outputs:
                linear = self.likelihood == "laplace"  # in pieces: a datum and its output may move beside each other
                beside = linear and self.whole.beside(at).intersection(self.outputs)
                if not self.masked and not beside and (found := self.unpaired(at)) is not None:
                    yield found
                continue
            test = {"gaussian": self.not_gaussian, "bernoulli": self.not_bernoulli}.get(self.likelihood or "")
            if test is not None and (found := test(at, outputs)) is not None:
                yield found

    def paired(self, at: At) -> list[At]:
        """The outputs that a datum is compared with."""
        return list(self.mixing({at: self.step(at, Fraction(1))}, self.outputs))

    def unpaired(self, at: At) -> Refutation | None:
        """A datum that does not stand with any output: then there is no likelihood of it."""
        everything = {o: self.step(o, Fraction(1)) for o in self.outputs}
        here = {at: self.step(at, Fraction(1))}
        values = self.whole.balls([{}, here, everything, {**here, **everything}])
        if values is None:
            return None
        base, moved, other, both = values
        alone, beside = moved - base, both - other
        if not abs(beside - alone) < LEAST:
            return None
        reason = (
            f"{shown(at)} is compared with no output: moving it changes the loss by {alone.str(6)}, whatever the "
            "decoder puts out."
        )
        together = -2 if self.likelihood == "laplace" else -1
        return separated(said(here), beside - alone, together, self.of_both), reason

    @property
    def of_both(self) -> str:
        """What is said of two numbers that are about a datum and an output."""
        return (
            "what moving a datum and its output together changes, beyond what each does alone; "
            f"{_IN_NATS.format(self.likelihood)} where both move by 1"
        )

    def settings(self, outputs: Sequence[At]) -> list[Point]:
        """Some values of the outputs."""
        found: list[Point] = [{}]
        for o in outputs[:3]:
            found += [{o: self.step(o, by)} for by in STEPS[:4]]
        return found

    def not_gaussian(self, at: At, outputs: Sequence[At]) -> Refutation | None:
        """A x^2 + B x + C in a datum x: C - B^2 / (4 A) is the same for all outputs, unless A moves with them."""
        seen: list[tuple[Point, arb, arb]] = []
        for setting in self.settings(outputs):
            here = self.whole.here(at)
            values = self.whole.balls([{**setting, at: here + k} for k in (0, 1, -1, 2)])
            if values is None:
                continue
            zero, one, minus, two = values
            square, slope = (one + minus) / 2 - zero, (one - minus) / 2
            cubic = zero + 2 * slope + 4 * square
            if not cubic.overlaps(two):
                reason = f"in {shown(at)} it is no quadratic, as a Gaussian's is: {two.str(6)}, not {cubic.str(6)}."
                meaning = "the loss there; the quadratic through three other points"
                return separated(said({**setting, at: here + 2}), two, cubic, meaning), reason
            if square < 0 or (square.contains(0) and abs(square) < arb("1e-20")):
                reason = (
                    f"in {shown(at)} it has no minimum, as a Gaussian's has: its second derivative is not positive."
                )
                meaning = f"half the second derivative in the datum; {_IN_NATS.format('Gaussian')}"
                return separated(said(setting), square, Fraction(1, 2), meaning), reason
            seen.append((setting, square, zero - slope**2 / (4 * square)))
        return self.moving_level(at, seen)

    def moving_level(self, at: At, seen: list[tuple[Point, arb, arb]]) -> Refutation | None:
        """Where the curvature is one, the minimum over the datum is one: a density's integral does not move.

        Where it moves, from A to A', the minimum moves by c / 2 log (A / A'), c being the weight of the likelihood.
        """
        for (_, square, level), (point, other, found) in itertools.combinations(seen, 2):
            if square.overlaps(other) and not level.overlaps(found):
                reason = (
                    f"it is no normalised likelihood of {shown(at)}: its smallest value over the datum moves with "
                    f"the decoder's output, {level.str(6)} and {found.str(6)}."
                )
                meaning = "the smallest value over the datum; that at other outputs"
                return separated(said(point), found, level, meaning), reason
            if self.weight is not None and not square.overlaps(other):
                wanted = level + self.weight / 2 * (square.log() - other.log())
                if not found.overlaps(wanted):
                    reason = (
                        f"it is no normalised likelihood of {shown(at)} with the KL's weight {self.weight.str(6)}: "
                        f"its curvature over the datum moves from {square.str(6)} to {other.str(6)}, so its smallest "
                        f"value would have to be {wanted.str(6)}, and is {found.str(6)}."
                    )
                    meaning = "the smallest value over the datum; what its curvature asks for"
                    return separated(said(point), found, wanted, meaning), reason
        return None

    def not_bernoulli(self, at: At, outputs: Sequence[At]) -> Refutation | None:
        """With F and G the loss at x = 0 and x = 1, F = c softplus((F - G) / c) + const for one c > 0."""
        seen: list[tuple[Point, arb, arb]] = []
        for setting in self.settings(outputs):
            values = self.whole.balls([{**setting, at: Fraction(k)} for k in (0, 1)])
            if values is not None:
                seen.append((setting, values[0], values[1]))
        if len(seen) > 1 and not self.masked and (found := self.same_odds(at, seen)) is not None:
            return found
        if (c := self.weight) is None:
            return None
        levels = [(setting, f - c * _softplus((f - g) / c)) for setting, f, g in seen]
        for (_, one), (point, other) in itertools.combinations(levels, 2):
            if not one.overlaps(other):
                reason = (
                    f"it is no Bernoulli likelihood of {shown(at)}: the probabilities of 0 and 1 that it gives do not "
                    "add up to one for all outputs."
                )
                meaning = "the constant of the likelihood at these outputs; that at others"
                return separated(said(point), other, one, meaning), reason
        return None

    def same_odds(self, at: At, seen: list[tuple[Point, arb, arb]]) -> Refutation | None:
        """What is said where 0 and 1 are as likely, or one as much likelier, whatever the decoder puts out."""
        (_, first), *others = [(setting, g - f) for setting, f, g in seen]
        if not all(abs(found - first) < LEAST for _, found in others):
            return None
        point, found = others[-1]
        reason = (
            f"{shown(at)} being 1 instead of 0 changes it by {first.str(6)}, whatever the decoder puts out: it is "
            "no likelihood of the decoder's."
        )
        return separated(said(point), found - first, -1, self.of_both), reason

    @cached_property
    def weight(self) -> arb | None:
        """The weight of the likelihood: that of the divergences by beta, where one was declared."""
        if not self.declared.beta:
            return None
        weights = (self.as_divergence(c) for c in self.coordinates[:1] if self.of_its_own(c))
        found = next((w for w in weights if isinstance(w, arb)), None)
        return found / arb(self.declared.beta) if found is not None and found > 0 else None


def _softplus(x: arb) -> arb:
    return (1 + x.exp()).log()
