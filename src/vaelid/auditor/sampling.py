"""The claims on noise and gradients: what was drawn for each latent, and what autograd is kept from."""

from vaelid.auditor.assessed import Assessed
from vaelid.auditor.backward import gradient_agrees
from vaelid.auditor.declared import Declared
from vaelid.auditor.report import Claim, Witness
from vaelid.auditor.statements import Statements
from vaelid.auditor.tensors import Stop
from vaelid.auditor.witnesses import correlation, without_noise

__all__ = ["Sampling"]


class Sampling(Statements):
    """What can be said of the noise and the gradients of an assessed loss."""

    def __init__(self, assessed: Assessed, declared: Declared, sampled: bool) -> None:
        super().__init__(assessed, declared)
        self.sampled = sampled

    def sampler_claims(self, divergences: list[Claim]) -> list[Claim]:
        """What is said of each sample, or of there being none."""
        if not self.sampled:
            return []
        found = list(self.assessed.samplers)
        names = [name for p in self.objective.question.posteriors for name in p.draws]
        if len(set(names)) < len(names):
            if len(self.with_divergences()) == len(self.objective.question.posteriors):
                reason = "two latents, each with a KL of its own, are made of one draw: they are not independent."
                witness = correlation("the noise of the two latents")
                return [_refuted(reason, witness, "shared-noise", found[0].source)]
            reason = "one draw stands in several tensors that enter networks: which of them is the latent is not known."
            return [Claim("sampler", "UNKNOWN", reason, source=found[0].source)]
        if found:
            return found
        if names and not self.constants_in_the_latent():
            reason = "z is drawn, and stands in the KL alone: nothing that was drawn is decoded."
            return [_refuted(reason, without_noise(), "missing-noise", self.objective.question.posteriors[0].source)]
        if where := self.assessed.run.reading.stray_noise:
            reason = f"noise is drawn in the step ({where}), but no sample of it was recognised."
            return [Claim("sampler", "UNKNOWN", reason)]
        if divergences and (constants := self.constants_in_the_latent()):
            if constants & self.assessed.run.moving:
                reason = "its noise is drawn outside torch, by numpy or Python's random: its law is not known here."
                return [Claim("sampler", "UNKNOWN", reason)]
            reason = "what stands for its noise is a constant, the same in every step."
            return [_refuted(reason, without_noise("over steps"), "frozen-noise", self.line_of_latent(constants))]
        if divergences:
            reason = "no noise from torch reaches the decoder: z is not sampled, or its noise comes from elsewhere."
            return [_refuted(reason, without_noise(), "missing-noise", self.line_of_latent())]
        return [Claim("sampler", "OTHER", "nothing is sampled.")]

    def constants_in_the_latent(self) -> frozenset[str]:
        """The arrays of constants that enter a network together with the posterior's mean or deviation."""
        reading = self.assessed.run.reading
        own = frozenset().union(*(p.leaves for p in self.objective.question.posteriors))
        constants = {n for n, leaf in reading.leaves.items() if leaf.kind == "constant"}
        together = [entered.leaves & constants for entered, _ in reading.entering if entered.leaves & own]
        return frozenset().union(*together)

    def with_divergences(self) -> set[str]:
        """The kinds of divergences, one for each posterior that has any."""
        return {" ".join(group.kind.split()[:2]) for group, _ in self.assessed.divergences()}

    def line_of_latent(self, constants: frozenset[str] = frozenset()) -> str | None:
        """The line at which what stands for the latent enters a network: its mean, or it with these constants."""
        own = frozenset().union(*(p.leaves for p in self.objective.question.posteriors))
        entering = self.assessed.run.reading.entering
        return next((m.source for t, m in entering if t.leaves & own and (not constants or t.leaves & constants)), None)

    def passes_by_the_sample(self) -> bool:
        """Whether a posterior's mean or deviation is in the loss by what is not looked into, and not by a sample."""
        reading, question = self.assessed.run.reading, self.objective.question
        own = frozenset().union(*(p.leaves for p in question.posteriors))
        here = {name for name in reading.result.leaves if reading.leaves[name].kind == "made"} - own
        if any(name in question.derived and not reading.leaves[name].noise for name in here):
            return True
        beside = (made for t, made in reading.entering if t.leaves & own and not t.leaves & set(question.noise))
        return any(made.name in here and made.noise.intersection(question.noise) for made in beside)

    # gradients

    def cuts(self) -> list[Stop]:
        """Where autograd is kept from what the loss speaks of, or from what a sample was decoded to."""
        own = frozenset().union(*(p.leaves for p in self.objective.question.posteriors))
        found = [stop for stop in self._stops if any(n in own or self._matters(n) for n in stop.leaves)]
        return [] if self._made_up_for(found) else found

    def _made_up_for(self, stops: list[Stop]) -> bool:
        """Whether the gradient is the formula's all the same, as of a + (b - b).detach(): at the recorded point."""
        reading, returned = self.assessed.run.reading, self.assessed.run.recording.returned
        leaves = {n for stop in stops for n in stop.leaves if reading.leaves[n].tensor.requires_grad}
        if not stops or returned is None or not leaves <= reading.result.live or not all(s.inside for s in stops):
            return False
        return gradient_agrees(reading.result, returned, reading.leaves, reading.axes)

    def untrained(self) -> list[str]:
        """Lines beyond which nothing is trained by the loss, as before an encoder whose first layers are kept."""
        cuts = self.cuts()
        return [stop.line for stop in self._stops if stop not in cuts and not stop.inside]

    @property
    def _stops(self) -> list[Stop]:
        return sorted(self.assessed.run.reading.result.stops)

    def _matters(self, name: str) -> bool:
        reading = self.assessed.run.reading
        return name in reading.result.leaves or bool(reading.leaves[name].noise)


def _refuted(reason: str, witness: Witness, bug: str, source: str | None) -> Claim:
    return Claim("sampler", "REFUTED", reason, witness=witness, bug=bug, source=source)
