"""What a model achieves on data: bounds on the evidence in nats, with their errors, and where the KL goes."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import vaelid.spec as spec
from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods import gaussian_log_density
from vaelid.train import losses
from vaelid.train.model import VAE
from vaelid.train.randomness import Stream, generator
from vaelid.train.rows import Rows

__all__ = ["ACTIVE_VARIANCE", "Estimate", "Evaluation", "evaluate_rows"]

ACTIVE_VARIANCE = 0.01
"""A latent is active when the variance of its posterior mean exceeds this (Burda et al., 2016)."""

CHUNK_ELEMENTS = 2**22


@dataclass(frozen=True)
class Estimate:
    """A mean over observations and its standard error."""

    mean: float
    standard_error: float

    @staticmethod
    def of(values: Tensor) -> "Estimate":
        """The mean of `values` over their first axis; one observation has no standard error (NaN)."""
        spread = float(values.std(correction=1)) if len(values) > 1 else math.nan
        return Estimate(float(values.mean()), spread / math.sqrt(len(values)))


@dataclass(frozen=True)
class Evaluation:
    """Means over observations, in nats per observation unless named otherwise.

    Attributes:
        rows: how many observations.
        coordinates: D.
        likelihood: its short name.
        discrete: whether the likelihood gives probabilities; if not, nats depend on the data's units.
        elbo: E_q[log p(x|z)] - KL, the expectation over `draws` draws for each observation.
        bits_per_dim: -ELBO / (D log 2).
        reconstruction_nll: E_q[-log p(x|z)].
        kl: KL(q(z|x) || N(0, I)), in closed form.
        importance_weighted: the bound of `draws` importance weights, at least the ELBO in expectation.
        draws: K.
        log_evidence: log p(x) exactly, for linear-Gaussian models; else None.
        kl_per_dimension: the KL of each latent coordinate.
        mean_variance: the variance over observations of each coordinate's posterior mean.
        active_units: how many of these exceed 0.01.
        verdict: whether the posterior collapsed, in words.
    """

    rows: int
    coordinates: int
    likelihood: str
    discrete: bool
    elbo: Estimate
    bits_per_dim: Estimate
    reconstruction_nll: Estimate
    kl: Estimate
    importance_weighted: Estimate
    draws: int
    log_evidence: Estimate | None
    kl_per_dimension: tuple[Estimate, ...]
    mean_variance: tuple[float, ...]
    active_units: int
    verdict: str


@torch.no_grad()
def evaluate_rows(
    model: VAE, rows: Rows, indices: Tensor, *, draws: int, seed: int, progress: Any = None
) -> Evaluation:
    """Evaluate `model` on the rows of `indices`, with `draws` draws from each posterior.

    Raises `InputError` where a result is not finite. The noise is a function of (seed, batch number). `progress`,
    where given, is called with the number of rows done after each batch. Densities and sums are in float64, the
    networks in the model's own type.
    """
    if draws < 1:
        raise InputError(f"draws={draws} must be a whole number of at least 1.")
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    parts: list[dict[str, Tensor]] = []
    for number, x in enumerate(rows.batches(indices.split(512))):
        noise = generator(seed, Stream.EVALUATION, number)
        parts.append({name: t.cpu() for name, t in _measure(model, x.to(device), draws, noise).items()})
        if progress is not None:
            progress(len(x))
    model.train(was_training)
    found = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    _check_finite(found, indices)
    return _summary(model, found, draws)


WORDS = {
    "mu": "posterior mean",
    "kl": "KL",
    "nll": "reconstruction NLL",
    "importance_weighted": "importance-weighted bound",
    "log_evidence": "log evidence",
}


def _check_finite(found: dict[str, Tensor], indices: Tensor) -> None:
    """Raise `InputError` for the first quantity, and row, that is not finite: no mean over rows means anything then."""
    for name, words in WORDS.items():
        if name not in found:
            continue
        finite = found[name].flatten(1).isfinite().all(1) if found[name].ndim > 1 else found[name].isfinite()
        if not bool(finite.all()):
            bad = int((~finite).sum())
            first = int((~finite).nonzero()[0])
            raise InputError(
                f"the {words} of row {int(indices[first])} is not finite (of {bad:,} of {len(finite):,} rows): the "
                "model cannot take these data. Look at that row, and at how the model was trained."
            )


def _measure(model: VAE, x: Tensor, draws: int, noise: torch.Generator) -> dict[str, Tensor]:
    """The terms of each observation of a batch, float64."""
    mu, logvar = model.encode(x)
    weights, nll = [], []
    per_chunk = max(1, CHUNK_ELEMENTS // (len(x) * model.observation_size * model.likelihood.outputs))
    for start in range(0, draws, per_chunk):
        count = min(per_chunk, draws - start)
        eps = torch.randn(count, *mu.shape, generator=noise, dtype=mu.dtype).to(mu.device)
        z = spec.reparameterize_diag(mu, logvar, eps)
        log_likelihood = -_reconstruction_nll(model, x.repeat(count, *[1] * (x.ndim - 1)), z.flatten(0, 1))
        log_likelihood = log_likelihood.reshape(count, len(x))
        log_prior = gaussian_log_density(z.double(), torch.zeros_like(z).double(), torch.zeros_like(z).double())
        # log q(z|x) at z = mu + exp(lv/2) eps is a function of eps alone, up to -lv/2
        log_posterior = (
            gaussian_log_density(eps.double(), torch.zeros_like(eps).double(), torch.zeros_like(eps).double())
            - logvar.double() / 2
        )
        weights.append(log_likelihood + (log_prior - log_posterior).sum(-1))
        nll.append(-log_likelihood)
    log_weights, kl = torch.cat(weights).T, losses.coordinate_kl(mu.double(), logvar.double())
    found = {
        "nll": torch.cat(nll).mean(0),
        "kl": kl,
        "importance_weighted": losses.importance_weighted_bound(log_weights),
        "mu": mu.double(),
    }
    if model.is_linear_gaussian:
        found["log_evidence"] = model.log_evidence(x)
    return found


def _reconstruction_nll(model: VAE, x: Tensor, z: Tensor) -> Tensor:
    """-log p(x|z) in float64 from the network's output."""
    output = model.decode(z).flatten(-len(model.obs)).double()
    learned = {name: value.double() for name, value in model.learned.items()}
    return losses.reconstruction_nll(model.likelihood, x.flatten(1).double(), output, **learned)


def _summary(model: VAE, found: dict[str, Tensor], draws: int) -> Evaluation:
    kl_rows, mu = found["kl"], found["mu"]
    elbo_rows = -spec.negative_elbo(spec.ElboTerms(found["nll"], kl_rows.sum(-1)))
    variance = mu.var(0, correction=0)
    kl = Estimate.of(kl_rows.sum(-1))
    active = int((variance > ACTIVE_VARIANCE).sum())
    evidence = found.get("log_evidence")
    return Evaluation(
        rows=len(mu),
        coordinates=model.observation_size,
        likelihood=model.likelihood.name,
        discrete=model.likelihood.discrete,
        elbo=Estimate.of(elbo_rows),
        bits_per_dim=Estimate.of(-elbo_rows / (model.observation_size * math.log(2))),
        reconstruction_nll=Estimate.of(found["nll"]),
        kl=kl,
        importance_weighted=Estimate.of(found["importance_weighted"]),
        draws=draws,
        log_evidence=None if evidence is None else Estimate.of(evidence),
        kl_per_dimension=tuple(Estimate.of(column) for column in kl_rows.T),
        mean_variance=tuple(variance.tolist()),
        active_units=active,
        verdict=_verdict(active, model.latent, kl.mean),
    )


def _verdict(active: int, latent: int, kl: float) -> str:
    threshold = f"variance of the posterior mean over the data above {ACTIVE_VARIANCE:g}"
    if active == 0:
        whole = "the latent is not active" if latent == 1 else f"none of {latent} latents is active"
        return (
            f"Collapsed: {whole} ({threshold}), and the KL is {kl:.2g} nats. The decoder ignores z. Learn the "
            "likelihood's variance, warm the KL up, or lower beta."
        )
    if active == latent:
        whole = "the latent is active" if latent == 1 else f"all {latent} latents are active"
        return f"Not collapsed: {whole} ({threshold})."
    return (
        f"Not collapsed: {active} of {latent} latents {'is' if active == 1 else 'are'} active ({threshold}); the model "
        f"does without the other {latent - active}."
    )
