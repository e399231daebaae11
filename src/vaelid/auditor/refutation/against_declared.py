"""Refutations of a whole loss: it is not what was declared, at the recorded sizes, in ball arithmetic.

In come a `Question` and what was declared; out goes a `Refutation`, or None where no point tells against it. For
example, a loss with mu[0, 0] * x[1, 2] in it, declared to have beta = 1, is refuted by the two moving together.

c (NLL + beta KL) + const is a sum: of one term for each coordinate of a latent, which is c beta times a KL to a normal
prior, and one for each place of the data, which is c times a negative log-likelihood. So moving one coordinate and
another place moves it by the sum of what each does; what one coordinate does is in the span of mu^2 + sigma^2, mu,
log sigma^2 and 1, with one weight for all; and a likelihood is normalised. A loss that fails one of these is refuted.
"""

from collections.abc import Iterator

import flint

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.model.question import Question
from vaelid.auditor.refutation.against_data import no_likelihoods, places_that_mix
from vaelid.auditor.refutation.against_latents import (
    coordinates_that_mix,
    no_divergences,
    no_priors,
    not_through_posteriors,
)
from vaelid.auditor.refutation.loss_at_points import LossAtPoints
from vaelid.auditor.refutation.search_for_points import Search, search_of

__all__ = ["not_declared"]


# Twice the digits of a float: the fit of a coordinate solves for four factors, which cancel to a few digits.
_PRECISION = 128


def not_declared(question: Question, declared: Declared) -> Refutation | None:
    """That the loss is c (NLL + beta KL) + const for no c > 0; None where no point shows that.

    Without a declared likelihood or prior, only what holds for every one is looked at.
    """
    loss = LossAtPoints(question)
    if any(posterior.below is not None for posterior in question.posteriors):
        return None  # a point has one coordinate's mean and deviation, and no covariances
    if not question.posteriors or not loss.can_be_valued or _sees_unread(loss):
        return None
    with flint.ctx.workprec(_PRECISION):
        return next(_refutations(search_of(loss, declared)), None)


def _sees_unread(loss: LossAtPoints) -> bool:
    """Whether an array in the loss was made from a posterior by what is not looked into, and not through a sample."""
    question = loss.question
    sampled = {name for p in question.posteriors for name in p.draws}
    names = loss.names & set(question.derived)
    return any(not question.drawn.get(name, frozenset()) & sampled for name in names)


def _refutations(search: Search) -> Iterator[Refutation]:
    if not search.coordinates:
        return
    of_latents = (no_divergences, coordinates_that_mix, not_through_posteriors, no_priors)
    of_data = (places_that_mix, no_likelihoods) if search.likelihood is not None else ()
    # The quick ones first: where the loss bends in the draws, a coordinate's fit takes hundreds of times as long.
    for searched in (*of_data, *of_latents) if search.loss.bends else (*of_latents, *of_data):
        yield from searched(search)
