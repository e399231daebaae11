"""The ELBO in nats, the bounds beside it, the weighted objectives and the conventions."""

from vaelid import spec

from ..case import Case, given, numbers
from ..precise import exact, log, log_sum_exp


def elbo_cases() -> list[Case]:
    nll, kl = numbers(2, 3, seed=3) ** 2, numbers(2, 3, seed=4) ** 2
    two = (given(*nll.ravel()).reshape(2, 3), given(*kl.ravel()).reshape(2, 3))
    cases = [
        Case(
            "negative_elbo",
            "of-a-batch",
            lambda nll, kl: spec.negative_elbo(spec.ElboTerms(nll, kl)),
            two,
            lambda nll, kl: nll + kl,
            lambda nll, kl: abs(nll) + abs(kl),
        ),
        Case(
            "beta_negative_elbo",
            "beta-a-number",
            lambda nll, kl: spec.beta_negative_elbo(0.25, spec.ElboTerms(nll, kl)),
            two,
            lambda nll, kl: nll + kl / 4,
            lambda nll, kl: abs(nll) + abs(kl),
        ),
        Case(
            "beta_negative_elbo",
            "beta-an-array",
            lambda nll, kl, beta: spec.beta_negative_elbo(beta, spec.ElboTerms(nll, kl)),
            (*two, given(0, 1, 7)),
            lambda nll, kl, beta: nll + beta * kl,
            lambda nll, kl, beta: abs(nll) + abs(beta * kl),
        ),
        Case(
            "weighted_two_term",
            "of-a-batch",
            lambda base, regularizer, weight: spec.weighted_two_term(weight, spec.WeightedTwoTerm(base, regularizer)),
            (*two, given(0, 1, 7)),
            lambda base, regularizer, weight: base + weight * regularizer,
            lambda base, regularizer, weight: abs(base) + abs(weight * regularizer),
        ),
        Case(
            "weighted_three_term",
            "of-a-batch",
            lambda base, middle, regularizer, weight: spec.weighted_three_term(
                weight, spec.WeightedThreeTerm(base, middle, regularizer)
            ),
            (*two, numbers(2, 3, seed=5), given(0, 1, 7)),
            lambda base, middle, regularizer, weight: base + middle + weight * regularizer,
            lambda base, middle, regularizer, weight: abs(base) + abs(middle) + abs(weight * regularizer),
        ),
    ]
    weights = {
        "of-one": numbers(5),
        "of-a-batch": numbers(2, 4),
        "of-two-batch-axes": numbers(2, 2, 3),
        "of-one-draw": numbers(3, 1),
        "nearly-equal": given(*(-90 + 1e-4 * numbers(6))),
        "spread-over-60-nats": given(-90, -30, -60, -31, -45),
        "equal": given(-7.5, -7.5, -7.5),
    }
    cases += [
        Case(
            "importance_weighted_bound",
            about,
            spec.importance_weighted_bound,
            (log_weights,),
            lambda w: log_sum_exp(w) - log(exact(w.shape[-1])),
            lambda w: abs(w).max(-1) + 1,
            slope_size=lambda w: abs(w).max() + 1,  # of softmax(w), whose exponents are rounded at the size of w
        )
        for about, log_weights in weights.items()
    ]
    return cases


def convention_cases() -> list[Case]:
    D, L = 6, 2
    nll_per_loss = {
        "mse-mean": lambda variance: D / (2 * variance),
        "mse-sum": lambda variance: 1 / (2 * variance),
        "half-mse-sum": lambda variance: 1 / variance,
        "nll-mean": lambda variance: D + 0 * variance,
        "nll-sum": lambda variance: 1 + 0 * variance,
    }
    per_kl = {"mean": 1 / exact(L), "sum": exact(1)}
    return [
        Case(
            "effective_beta",
            f"{loss}-{kl}",
            lambda beta, variance, loss=loss, kl=kl: spec.effective_beta(
                loss=loss, kl=kl, D=D, L=L, beta=beta, variance=variance
            ),
            (given(1, 0.5, 4), given(1, 0.1, 3)),
            lambda beta, variance, loss=loss, kl=kl: beta * nll_per_loss[loss](variance) * per_kl[kl],
            lambda beta, variance, loss=loss, kl=kl: beta * nll_per_loss[loss](variance) * per_kl[kl],
            differentiate=(0,),
        )
        for loss in nll_per_loss
        for kl in per_kl
    ]
