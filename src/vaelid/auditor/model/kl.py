"""The divergence of a posterior to a normal prior, place by place, on terms.

A posterior comes in, with the mean and log-variance of a prior; what a KL is there goes out. Example: for mu[i0, i1]
and lv[i0, i1] it is (e^lv + mu^2 - 1 - lv) / 2. Of a covariance L L^T it has one more axis, the columns of L; where the
draws are known it has not, and is the mean over them.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import length_of, names_in
from vaelid.auditor.model.posterior import Posterior
from vaelid.readings.terms.arrays import TermArray, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Variable, subterms
from vaelid.theory.library.definitions import coordinate_kl

__all__ = ["kl_to_normal", "moments", "share_of_column", "where_draws_are_known"]


def where_draws_are_known(posterior: Posterior, body: TermArray) -> Posterior:
    """Of a covariance, each coordinate's law where the draws of those before it are known, if a term has draws.

    That law is diagonal. Where the term has several draws from the posterior, it has one mean for each.
    """
    drawn = [name for name in posterior.draws if name in names_in(body)]
    if posterior.centre is None or not drawn:
        return posterior
    return posterior.at_draws(tuple(_with_draw(posterior.centre, posterior.noise, name) for name in drawn))


def _with_draw(centre: TermArray, name: str, other: str) -> TermArray:
    """The same of another array of draws."""
    arrays = {part for part in subterms(centre.term) if isinstance(part.head, Variable) and part.head.name == name}
    by = {array: make(Variable(other, array.sort)) for array in arrays}
    return TermArray((), replaced(centre.term, by))


def _over_draws(terms: Sequence[TermArray]) -> TermArray:
    return reduce(add, terms) / len(terms)


def kl_to_normal(
    posterior: Posterior, mean: TermArray | None = None, log_variance: TermArray | None = None
) -> TermArray:
    """The divergence to N(mean, e^log_variance), or to N(0, 1), at one place.

    With A below the diagonal of L and s on it, KL(N(mu, L L^T) || N(0, I)) is the sum over i of the KL of N(mu[i],
    s[i]^2), and of A[i, k]^2 / 2 over k: tr(L L^T) is the sum of all squares of L, and log det that of log s[i]^2.
    Of N columns each has 1 / N of the first.
    """
    if posterior.means:
        each = (posterior.with_moments(own, posterior.log_variance) for own in posterior.means)
        return _over_draws([kl_to_normal(one, mean, log_variance) for one in each])
    own_mean, own_log_variance = posterior.mean, posterior.log_variance
    if mean is not None and log_variance is not None:
        own_mean, own_log_variance = (own_mean - mean) * xp.exp(-log_variance / 2), own_log_variance - log_variance
    found = share_of_column(posterior)(coordinate_kl(own_mean, own_log_variance))
    if posterior.below is None:
        return found
    below = posterior.below.element
    return found + (below if log_variance is None else below * xp.exp(-log_variance / 2)) ** 2 / 2


def moments(posterior: Posterior) -> tuple[TermArray, TermArray, TermArray]:
    """What the divergence to any normal prior is a combination of: mu^2 + e^lv, mu and lv, up to a constant."""
    share, means = share_of_column(posterior), posterior.means or (posterior.mean,)
    squares = share(_over_draws([mean**2 for mean in means]) + xp.exp(posterior.log_variance))
    if posterior.below is not None:
        squares = squares + posterior.below.element**2
    return squares, share(_over_draws(means)), share(posterior.log_variance)


def share_of_column(posterior: Posterior) -> Callable[[TermArray], TermArray]:
    """What of a coordinate's term falls to each column of a covariance's factor; all of it where there is none."""
    below = posterior.below
    return (lambda term: term) if below is None else (lambda term: term / real(length_of(below.column)))
