"""The prior that the squares of a term are held against, whatever logarithm stands beside them.

The summand of a group comes in, with the posterior; the mean and log-variance of a prior go out. Example: in
``((mu - m)^2 + e^lv) / e^(l / 2) - lv + l`` the squares are those of the KL to N(m, e^(l / 2)), and the logarithm is
that of e^l.
"""

from dataclasses import dataclass

import torch

from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.model.combination import exact, fitted
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.question import Question
from vaelid.auditor.recognition.priors import not_the_posteriors
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__ = ["PriorOfSquares", "prior_of_squares"]


_RESIDUAL = 1e-9
"""The largest residual of least squares that is rounding: a wrong prior leaves 1e-3 and more."""


@dataclass(frozen=True)
class PriorOfSquares:
    """The mean and log-variance of a prior, and the names of the arrays that its logarithm is of."""

    mean: TermArray
    log_variance: TermArray
    names: frozenset[str]


def prior_of_squares(
    question: Question, term: TermArray, axes: list[int], posterior: Posterior
) -> PriorOfSquares | None:
    """The prior; None where the term is no combination of its squares, log sigma^2 and log of its variance.

    a (mu - m)^2 + a e^lv, over e^l, and b lv, are those of the KL to N(m, -b / a e^l) of the weight -2 b.
    """
    values, lv = question.values, posterior.log_variance
    parts = not_the_posteriors(term, posterior, posterior.leaves)
    body, own = (values.of(t, axes) for t in (term, lv))
    scale = 1 + body.abs()
    for m in (as_term(0), *parts):
        squares = (posterior.mean - m) ** 2 + xp.exp(lv)
        above = values.of(squares, axes)
        for its in (form for part in parts for form in (part, 2 * part, -part)):
            below = values.of(its, axes)
            rows = torch.stack([above * torch.exp(-below), own, below, torch.ones_like(body)], 1) / scale[:, None]
            if not bool(torch.isfinite(rows).all()):
                continue
            solution = torch.linalg.lstsq(rows, (body / scale)[:, None], driver="gelsd").solution[:, 0]
            if float((rows @ solution - body / scale).abs().max()) > _RESIDUAL:
                continue
            fit = fitted(values, term, [squares * xp.exp(-its), lv, its], axes)
            if fit is None:
                continue
            a, b, c = (values.number(weight) for weight in fit.weights)
            ratio = exact(-b / a) if a > 0 and b < 0 and c != -b else None
            if ratio is not None:
                return PriorOfSquares(m, its if ratio == 1 else its + xp.log(as_term(ratio)), names_in(its))
    return None
