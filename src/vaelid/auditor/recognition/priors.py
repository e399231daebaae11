"""The prior of a divergence: the standard one, one of numbers, a learned one, or one at the draw.

The summand of a group comes in, averaged over its noise, with the posterior; what it is a multiple of goes out.
Example: ``mu^2 / 4 + exp(lv) / 4 - lv`` is twice the KL to N(0, 4), and a constant.
"""

import torch

from vaelid import spec
from vaelid.auditor.formula.axes_of_terms import elements_of, length_of, names_in, variable_of
from vaelid.auditor.model.combination import exact, fitted
from vaelid.auditor.model.kl import kl_to_normal, moments, share_of_column
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Question, Rewrite
from vaelid.auditor.proofs.sums import added
from vaelid.auditor.recognition.quantities import (
    Body,
    Found,
    Quantity,
    candidates,
    fits,
    found_with,
    log_forms,
    with_mask,
    without_mask,
)
from vaelid.readings.terms.arrays import TermArray, as_term, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.library.definitions import gaussian_density

__all__ = ["at_the_draw", "find_divergence", "find_integrand", "not_the_posteriors", "prior_sees_sample"]


def find_divergence(
    term: TermArray,
    axes: list[int],
    posterior: Posterior,
    values: Probe,
    own: frozenset[str],
    masks: frozenset[str] = frozenset(),
    written: TermArray | None = None,
) -> Found | Rewrite | None:
    """The prior, if the term is a multiple of the divergence to one, plus a constant.

    Masks come first: by values, a mask that is a single number is a weight like others, and no proof takes it for one.
    Then the commonest prior is tried, and the one with the most parameters last: each further one takes longer, and a
    standard prior is a learned one too. `own`: the posterior's arrays. `masks`: constants that may weigh each place.
    `written`: the term as it stands in the loss, if this is its mean over draws, which multiplies a prior's h + w out.
    """
    for mask in candidates(term, lambda names: names <= masks):
        if (inside := without_mask(term, mask, axes, values)) is not None:
            found = find_divergence(inside, axes, posterior, values, own)
            if found is not None:
                return found if isinstance(found, Rewrite) else with_mask(found, mask)
    if found := _prior_of_numbers(Body.of(term), axes, posterior, values):
        return found
    of = [term] if written is None or written.term is term.term else [term, written]
    parts = [part for one in of for part in not_the_posteriors(one, posterior, own)]
    return _learned_prior(Body.of(term), axes, posterior, values, list({part.term: part for part in parts}.values()))


def _prior_of_numbers(body: Body, axes: list[int], posterior: Posterior, values: Probe) -> Found | None:
    """N(0, I), or another prior whose mean and variance are numbers."""
    standard = Quantity("N(0, I)", kl_to_normal(posterior))
    return found_with(body, standard, axes, values) or _fixed_prior(body, axes, posterior, values)


def _fixed_prior(body: Body, axes: list[int], posterior: Posterior, values: Probe) -> Found | None:
    """A prior N(m, s2) of numbers m, s2: the weights of mu^2 + e^lv, mu and lv determine them."""
    share = share_of_column(posterior)
    fit = fitted(values, body.term, [*moments(posterior)], axes)
    if fit is None:
        return None
    square, linear, logarithm = (values.number(weight) for weight in fit.weights)
    if not (square > 0 and logarithm < 0):
        return None
    variance, centre = -logarithm / square, -linear / (2 * square)
    m, s2 = exact(centre), exact(variance)
    if m is None or s2 is None or s2 <= 0:
        return None
    log_s2 = xp.log(as_term(s2))
    name, parameters = f"N({float(m):g}, {float(s2):g})", (as_term(m), as_term(s2))
    term = kl_to_normal(posterior, as_term(m), log_s2)
    for normaliser in (
        as_term(0),
        share(log_s2 / 2),
    ):  # log(s2) may stand in the code by its name, as a decimal, or not
        target = Quantity(name, term, normaliser, parameters=parameters)
        if found := found_with(body, target, axes, values):
            return found
    return None


def _learned_prior(
    body: Body, axes: list[int], posterior: Posterior, values: Probe, parts: list[TermArray]
) -> Found | Rewrite | None:
    """A prior whose mean and log-variance are among these parts of the term: all pairs are tried, by values.

    Or the log-variance is the posterior's own, as where both have one scale that is a parameter: no logarithm is left.
    """
    numbers = values.of(body.term, axes)
    log_variance = values.of(posterior.log_variance, axes)
    means = [values.of(t, axes) for t in posterior.means or (posterior.mean,)]
    others = [(t, values.of(t, axes)) for t in parts]
    shares = [[(t, values.of(t, axes)) for t in _addends(of)] for of in (posterior.mean, posterior.log_variance)]
    zero = (as_term(0), torch.zeros_like(numbers))
    own = shares[1] or [(posterior.log_variance, log_variance)]
    forms = [zero, *own, *log_forms(others, 2)]
    log_variances = torch.stack([values for _, values in forms])
    deviations, spreads = torch.exp(-log_variances / 2), log_variance - log_variances
    part, below = 1.0, torch.zeros_like(numbers)
    if (of := posterior.below) is not None:
        part, below = values.number(1 / real(length_of(of.column))), values.of(of.element, axes)
    for m, m_values in [zero, *others, *shares[0]]:
        each = [spec.coordinate_kl_to_standard((mean - m_values) * deviations, spreads) for mean in means]
        rows = part * torch.stack(each).mean(0) + (below * deviations) ** 2 / 2
        for k in fits(numbers, rows).nonzero().flatten().tolist():
            lv = forms[k][0]
            if isinstance(lv, Rewrite):
                return lv
            target = Quantity(
                "a learned or conditional prior",
                kl_to_normal(posterior, m, lv),
                parameters=(m, lv),
                learned=True,
            )
            if found := found_with(body, target, axes, values):
                return found
    return None


def not_the_posteriors(term: TermArray, posterior: Posterior, own: frozenset[str]) -> list[TermArray]:
    """The parts of a term that are of other elements than a posterior's, in columns of its arrays too."""
    known = {*elements_of(posterior.mean, posterior.log_variance)}
    found = candidates(term, lambda names: not names & own)
    shared = (part for part in candidates(term, lambda names: bool(names & own)) if not known & {*elements_of(part)})
    return [*found, *shared]


def _addends(term: TermArray) -> list[TermArray]:
    """The parts that a mean or log-variance is the sum of, where there are several.

    A residual posterior N(m + dm, e^(l + dl)) has its prior's m and l among them (Vahdat and Kautz 2020, section 3.2).
    """
    parts = added(term.term)
    return parts if len(parts) > 1 else []


def find_integrand(
    term: TermArray, axes: list[int], posterior: Posterior, prior: Quantity, eps: TermArray, values: Probe
) -> Found | None:
    """log q(z) - log p(z) at a draw of noise, where the normal prior p may depend on z."""
    m, lv = prior.parameters
    z = posterior.mean + xp.exp(posterior.log_variance / 2) * eps
    log_q = gaussian_density(z, posterior.mean, posterior.log_variance)
    target = prior.at_the_draw(log_q - gaussian_density(z, m, lv))
    return found_with(Body.of(term), target, axes, values)


def at_the_draw(
    question: Question, body: TermArray, axes: list[int], posterior: Posterior, found: Found | Rewrite
) -> Found | Rewrite:
    """What was found; as an estimate at the draw, if its prior was made from that draw.

    The mean over draws at a fixed prior says nothing then. A closed form is left as it is: see `prior_sees_sample`.
    """
    if isinstance(found, Rewrite) or not prior_sees_sample(question, posterior, found.target):
        return found
    if posterior.noise not in names_in(body):
        return found
    (eps,) = {e for e in elements_of(body) if e.arguments and variable_of(e, posterior.noise)}
    integrand = find_integrand(body, axes, posterior, found.target, TermArray((), eps), question.values)
    return found if integrand is None else integrand


def prior_sees_sample(question: Question, posterior: Posterior, target: Quantity) -> bool:
    """Whether a prior was made from the sample itself, as that of z1 by z2 where z2 is drawn from q(z2|z1).

    Then E log p(z1|z2) is no function of the prior at one draw and of q(z1): a closed form of the divergence takes z1
    and z2 for independent.
    """
    return target.learned and bool(question.noise_in(*target.parameters).intersection(posterior.draws))
