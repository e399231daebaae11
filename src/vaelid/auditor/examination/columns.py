"""What a loss may be made of, as numbers of one run: NLL, KL, and terms of mean zero.

In: the account and the `Numbers` of a run. Out: `Columns`, one number for each. For example, a Monte-Carlo KL is KL +
(log q - E log q) - (log p - E log p), of which the last two have the mean zero over draws.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch import distributions as td

from vaelid.auditor.examination.densities import (
    drawn,
    negative_log_likelihood,
    posterior_and_prior,
    with_coordinates_last,
)
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import Account, StatedDivergence, StatedLikelihood
from vaelid.auditor.formula.axes_of_terms import axes_in, length_name
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import as_term

__all__ = ["Columns", "MeanZero", "columns_of", "divergences_or_standard", "nll_at_places"]


class MeanZero(NamedTuple):
    """Of one posterior.

    Attributes:
        q: log q(z) less its mean, at draws that are decoded.
        p: log p(z) less its mean, at the same.
        q_more: log q(z) less its mean, at other draws.
        p_more: log p(z) less its mean, at the same.
    """

    q: float = 0.0
    p: float = 0.0
    q_more: float = 0.0
    p_more: float = 0.0


class Columns(NamedTuple):
    """The numbers of one run.

    Attributes:
        nll: the negative log-likelihood of the data.
        kl: the divergence.
        mean_zero: for each posterior what a Monte-Carlo estimate of its divergence has besides.
    """

    nll: float
    kl: float
    mean_zero: tuple[MeanZero, ...] = ()


def divergences_or_standard(account: Account) -> list[StatedDivergence]:
    """The divergences of the account, and one to N(0, I) for each posterior of which none was recognised."""
    zero, known = as_term(0), {divergence.posterior for divergence in account.divergences}
    return [
        *account.divergences,
        *(
            StatedDivergence(k, (zero, zero), False, False, posterior.axes)
            for k, posterior in enumerate(account.posteriors)
            if k not in known
        ),
    ]


def columns_of(account: Account, numbers: Numbers) -> Columns:
    """Of one run. Raises `ReadingError` where an array of the account is no tensor of the run."""
    nll = torch.zeros((), dtype=torch.float64)
    for likelihood in account.likelihoods:
        term = nll_at_places(likelihood, numbers)
        if likelihood.mask is not None:
            mask = numbers.of(likelihood.mask, likelihood.axes)
            term = torch.where(mask == 0, 0.0, term * mask)
        nll = nll + likelihood.share * term.sum()
    kl, mean_zero, seen = 0.0, list[MeanZero](), set[int]()
    for divergence in divergences_or_standard(account):
        alone = sum(d.posterior == divergence.posterior for d in account.divergences) <= 1
        if divergence.posterior in seen:
            continue  # of one posterior, coordinate by coordinate: all were counted with the first
        seen.add(divergence.posterior)
        its, *others = _of_divergence(account, divergence, numbers, alone).detach().tolist()
        kl += its
        mean_zero.append(MeanZero(*others))
    return Columns(float(nll.detach()), kl, tuple(mean_zero))


def nll_at_places(likelihood: StatedLikelihood, numbers: Numbers) -> Tensor:
    """The negative log-likelihood at each place, without a mask."""
    if likelihood.formula is not None:
        return numbers.of(likelihood.formula, likelihood.axes)
    return negative_log_likelihood(likelihood, [numbers.of(p, likelihood.axes) for p in likelihood.parameters])


def _of_divergence(account: Account, divergence: StatedDivergence, numbers: Numbers, alone: bool) -> Tensor:
    posterior = account.posteriors[divergence.posterior]
    axes = list(divergence.axes if alone else posterior.axes)
    terms = (posterior.mean, posterior.log_variance, *divergence.prior)
    axes += sorted({axis for term in terms for axis in axes_in(term.term)} - set(axes))
    axes = with_coordinates_last(posterior, axes)
    if posterior.below is not None and divergence.mask is not None:
        raise ReadingError("a mask of latents that have covariances")
    q, p = posterior_and_prior(posterior, divergence, numbers, axes)
    kl = torch.zeros((), dtype=torch.float64)

    def masked(term: Tensor, axes: list[int]) -> Tensor:
        return (term if divergence.mask is None else numbers.of(divergence.mask, axes) * term).sum()

    if not divergence.at_draw:
        kl = masked(td.kl_divergence(q, p), axes)
    zero = torch.zeros((), dtype=torch.float64)
    found = [zero] * 4
    for at, draws in ((0, posterior.draws), (2, posterior.more)):
        for element, own in draws.values() if not posterior.summed else ():
            every = with_coordinates_last(posterior, [*axes, *(axis for axis in own if axis not in axes)])
            q, p = posterior_and_prior(posterior, divergence, numbers, every)
            z = drawn(q, numbers.of(element, every))
            share = _places(account, axes) / z.numel() / max(1, len(posterior.draws))
            if divergence.at_draw:
                kl = kl + share * masked(q.log_prob(z) - p.log_prob(z), every)
                continue
            of_prior = p.log_prob(z) + td.kl_divergence(q, p) + q.entropy()
            found[at] = found[at] + share * masked(q.log_prob(z) + q.entropy(), every)
            found[at + 1] = found[at + 1] + share * masked(of_prior, every)
    return torch.stack([kl, *found])


def _places(account: Account, axes: list[int]) -> int:
    count = 1
    for axis in axes:
        count *= account.lengths[length_name(axis)]
    return count
