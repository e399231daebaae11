"""The factor between a loss as it is written and the ELBO it amounts to."""

from typing import Any

from vaelid.spec.errors import InputError

__all__ = ["effective_beta"]

RECONSTRUCTION_LOSSES = ("mse-mean", "mse-sum", "half-mse-sum", "nll-mean", "nll-sum")
KL_REDUCTIONS = ("mean", "sum")


def effective_beta(
    *, loss: str = "mse-mean", kl: str = "mean", D: Any, L: Any, beta: Any = 1, variance: Any = 1
) -> Any:
    """The weight b that `loss + beta * kl` really puts on the KL: it is c * (NLL + b * KL) + const, c > 0.

    NLL is in nats, summed over the D coordinates of an observation; KL in nats, summed over L latents.

    =================  ======================================  =======================
    `loss`             what the code computes                  NLL = loss * ... + const
    =================  ======================================  =======================
    ``mse-mean``       mean_d (x_hat - x)^2                    D / (2 variance)
    ``mse-sum``        sum_d (x_hat - x)^2                     1 / (2 variance)
    ``half-mse-sum``   sum_d (x_hat - x)^2 / 2                 1 / variance
    ``nll-mean``       mean_d -log p(x_d|z) (BCE, say)         D
    ``nll-sum``        sum_d -log p(x_d|z)                     1
    =================  ======================================  =======================

    `kl` is ``mean`` (over the L coordinates) or ``sum``. `variance` is that of the Gaussian observation model
    which a squared error stands for; the code alone does not fix it, and 1 is the usual reading.

    TorchLean's executable loss: ``effective_beta(loss="mse-mean", kl="mean", D=784, L=20)`` is
    beta * D / (2 * variance * L) = 19.6.

    Raises `InputError` for an unknown convention.

    Source: identity `effective_beta` in `docs/trust.md`. Not checked: that D, L and variance are positive.
    """
    nll_per_loss = {
        "mse-mean": D / (2 * variance),
        "mse-sum": 1 / (2 * variance),
        "half-mse-sum": 1 / variance,
        "nll-mean": D,
        "nll-sum": 1,
    }
    if loss not in nll_per_loss:
        raise InputError(f"loss={loss!r} is not known: give one of {', '.join(RECONSTRUCTION_LOSSES)}.")
    if kl not in KL_REDUCTIONS:
        raise InputError(f"kl={kl!r} is not known: give one of {', '.join(KL_REDUCTIONS)}.")
    per_summed_kl = beta / L if kl == "mean" else beta
    return nll_per_loss[loss] * per_summed_kl
