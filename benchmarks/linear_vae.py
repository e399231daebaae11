"""Against a closed form: linear VAEs on scikit-learn's digits reach the evidence of probabilistic PCA.

A VAE with linear maps and one learned variance is probabilistic PCA (Tipping and Bishop, 1999), whose greatest
evidence scikit-learn reports. Prints a table in nats per observation; exits 1 where a criterion fails.
"""

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import vaelid

STEPS, LEARNING_RATE, DRAWS = 4000, 0.02, 100
EXACT_WITHIN, SAMPLED_WITHIN, SCIPY_WITHIN, STANDARD_ERRORS = 1e-3, 0.05, 1e-4, 3


@dataclass(frozen=True)
class Trained:
    """A trained model's distances from the closed forms, in nats per observation."""

    elbo_below_pca: float  # the ELBO with its expectation exact, below PCA's score
    bound_above_evidence: float  # the importance-weighted bound, minus the model's own exact evidence
    bound_error: float  # its standard error, paired row by row
    evidence_off_scipy: float
    seconds: float


def train(x: np.ndarray, latent: int, expectation: str, seed: int, score: float) -> Trained:
    started = time.monotonic()
    model = vaelid.VAE(x.shape[1], latent, hidden=(), likelihood="gaussian", seed=seed)
    vaelid.fit(
        model,
        x,
        epochs=STEPS,
        batch_size=len(x),
        learning_rate=LEARNING_RATE,
        schedule="cosine",
        validation=0,
        expectation=expectation,
        seed=seed,
        progress=False,
    )
    seconds = time.monotonic() - started
    with torch.no_grad():
        rows = torch.from_numpy(x)
        elbo = -vaelid.spec.negative_elbo(model.elbo_terms(rows, expectation="exact")).double().mean().item()
        evidence = model.log_evidence(rows)
        gap = importance_weighted(model, rows, seed) - evidence
        weight, bias = model.decoder[0].weight.double(), model.decoder[0].bias.double()
        variance = torch.exp(model.learned["log_variance"].double())
        covariance = weight @ weight.T + variance * torch.eye(x.shape[1]).double()
        scipy_evidence = multivariate_normal(bias.numpy(), covariance.numpy()).logpdf(x)
    return Trained(
        elbo_below_pca=score - elbo,
        bound_above_evidence=gap.mean().item(),
        bound_error=gap.std().item() / len(gap) ** 0.5,
        evidence_off_scipy=float(np.abs(evidence.numpy() - scipy_evidence).max()),
        seconds=seconds,
    )


def importance_weighted(model: vaelid.VAE, rows: torch.Tensor, seed: int) -> torch.Tensor:
    """The bound of each row, from log weights written out with torch.distributions."""
    normal, generator = torch.distributions.Normal, torch.Generator().manual_seed(seed)
    mu, logvar = model.encode(rows)
    eps = torch.randn(DRAWS, *mu.shape, generator=generator)
    z = mu + torch.exp(logvar / 2) * eps
    log_q = normal(mu.double(), torch.exp(logvar.double() / 2)).log_prob(z.double()).sum(-1)
    log_p = normal(0.0, 1.0).log_prob(z.double()).sum(-1)
    scale = torch.exp(model.learned["log_variance"].double() / 2)
    log_x = normal(model.decoder(z).double(), scale).log_prob(rows.double()).sum(-1)
    return vaelid.importance_weighted_bound((log_x + log_p - log_q).T)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds (default 1)")
    seeds = range(parser.parse_args().seeds)
    digits = load_digits().data / 16
    x = (digits - digits.mean(axis=0)).astype(np.float32)
    print(f"digits/16, centred: {x.shape[0]} rows, D = {x.shape[1]}; {STEPS} Adam steps on all rows, in nats per row")
    header = ("L", "seed", "PCA score", "expectation", "score - ELBO", "bound - log p(x)", "off scipy", "seconds")
    print("{:>3} {:>4} {:>10} {:>11} {:>13} {:>24} {:>10} {:>8}".format(*header))
    failed = 0
    for latent in (2, 8, 16):
        score = PCA(latent).fit(x).score(x)
        for seed in seeds:
            for expectation, within in (("exact", EXACT_WITHIN), ("sampled", SAMPLED_WITHIN)):
                found = train(x, latent, expectation, seed, score)
                bound = f"{found.bound_above_evidence:.2e} ± {found.bound_error:.1e}"
                print(
                    f"{latent:3d} {seed:4d} {score:10.5f} {expectation:>11} {found.elbo_below_pca:13.2e} {bound:>24} "
                    f"{found.evidence_off_scipy:10.1e} {found.seconds:8.1f}",
                    flush=True,
                )
                failed += abs(found.elbo_below_pca) > within
                failed += abs(found.bound_above_evidence) > STANDARD_ERRORS * found.bound_error
                failed += found.evidence_off_scipy > SCIPY_WITHIN
    print(f"{failed} criteria failed" if failed else "every criterion held")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
