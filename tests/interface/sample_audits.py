"""Reports made by hand, and user code to audit, for the tests of how audits are asked for and shown."""

from pathlib import Path

from vaelid.auditor import Claim, Report, Witness

CODE = """\
import torch


def kl(mu, logvar):
    std = torch.exp(0.5 * logvar)
    print("printed by the user")
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - std)


def step(x):
    z = reparameterize(x, x)
    return loss(z, x, x, x)


def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def loss(x_hat, x, mu, logvar, beta=1.0):
    return ((x_hat - x) ** 2).mean() + beta * kl(mu, logvar)


class VAE:
    def loss(self, x):
        return step(x)

    def training_step(self, batch, batch_idx):
        return step(batch) * (1 + batch_idx)


vae = VAE()
number = 3


def raising(mu, logvar):
    return mu @ logvar.missing


def on_gpu(mu, logvar):
    return mu.to("cuda").sum()


def leaving(mu, logvar):
    raise SystemExit(0)


def nothing_asked():
    return torch.zeros(())


def endless(mu, logvar):
    import re

    return re.match("(a+)+$", "a" * 64 + "b")


def any_number(*a):
    return torch.zeros(())


async def later(batch):
    return torch.zeros(())
"""
STD_LINE = 5
NOISE_LINE = 16
ENDLESS_LINE = CODE.splitlines().index('    return re.match("(a+)+$", "a" * 64 + "b")') + 1


def written(folder: Path, name: str = "model.py", text: str = CODE) -> Path:
    """The user's file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refuted(file: Path) -> Report:
    """A standard deviation in place of a variance, and a sampler that is right."""
    witness = Witness(
        {"mu": "0", "logvar": "1"},
        "[-0.175639364650 +/- 6.41e-14]",
        "[0.359140914230 +/- 4.78e-13]",
        "one coordinate, in nats",
    )
    return Report(
        target="model.py:step",
        verdict="REFUTED",
        objective_name="none",
        summary=f"Line {STD_LINE} puts the standard deviation where the KL needs the variance.",
        likelihood="Gaussian, variance 1",
        claims=(
            Claim("sampler", "PROVED", "z = mu + sigma * eps", source=f"{file}:{NOISE_LINE}"),
            Claim(
                "divergence",
                "REFUTED",
                "at logvar = 1 it adds [-0.175639 +/- 3.65e-7] <nats>",
                formula="Σ_{i<L} (exp(logvar[i] / 2) + mu[i]² − 1 − logvar[i]) / 2",
                witness=witness,
                bug="std-variance",
                source=f"{file}:{STD_LINE}",
            ),
            Claim("objective", "REFUTED", "its second term is no KL"),
            Claim("evaluation", "UNKNOWN", "no evaluation step was given"),
        ),
        notes=("the pixels lie in [0, 1]",),
        assumptions=("`torch.randn_like` draws N(0, 1)",),
        sizes={"B": 13, "D": 64},
        source=f"{file}:{STD_LINE - 1}",
        seconds=0.42,
    )


def proved(file: Path) -> Report:
    """A beta-ELBO whose evaluation decodes mu."""
    return Report(
        target="model.py:step",
        verdict="PROVED",
        objective_name="beta-ELBO",
        summary="This loss is a β-ELBO, and its β is 4, not 1.",
        formula="NLL + D / (2 L) · KL",
        beta_effective=4.0,
        beta_formula="D / (2 L)",
        observation_variance=4.0,
        likelihood="Gaussian, variance 1",
        prior="N(0, I)",
        claims=(
            Claim("divergence", "PROVED", "KL to N(0, I)", weight="1 / L", source=f"{file}:{STD_LINE}"),
            Claim("evaluation", "REFUTED", "it decodes mu", source=f"{file}:{NOISE_LINE}"),
        ),
        advice="learn the variance",
        sizes={"B": 13, "D": 64, "L": 8},
        source=f"{file}:{STD_LINE - 1}",
    )
