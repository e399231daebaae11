"""orybkin/sigma-vae-pytorch: its convolutional VAE with one filter in place of 32, and its four decoder variances."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import torch
from tests.packages.public.project import Case, Project, Step, load

B, SHAPE, D = 5, (1, 28, 28), 784


def step(name: str) -> Callable[[Path], Step]:
    """A step of `train_vae.py`."""

    def make(source: Path) -> Step:
        foreign = load(source / "model.py").ConvVAE

        class Small(foreign):  # type: ignore[misc, valid-type]
            get_encoder = staticmethod(lambda channels, _: foreign.get_encoder(channels, 1))
            get_decoder = staticmethod(lambda _, channels: foreign.get_decoder(1, channels))

        model = Small("cpu", 1, Namespace(batch_size=B, model="mse_vae"))
        model.model = name
        if name == "sigma_vae":  # the constructor's is an integer, which torch refuses to train by now
            model.log_sigma = torch.nn.Parameter(torch.zeros(()))

        def run(x: torch.Tensor) -> torch.Tensor:
            reconstruction, mu, logvar = model(x)
            nll, kl = model.loss_function(reconstruction, x, mu, logvar)
            return nll + kl

        return Step(run, torch.rand(B, *SHAPE))

    return make


PROJECT = Project(
    "orybkin/sigma-vae-pytorch",
    "4748a3ac1686316292607f40192c7ec2ded09893",
    (
        Case(
            "mse_vae",
            step("mse_vae"),
            "PROVED",
            "mean of squares over B D + sum of KL: beta = B D / 2",
            beta=B * D / 2,
            checked=True,
        ),
        Case(
            "gaussian_vae",
            step("gaussian_vae"),
            "PROVED",
            "Gaussian NLL with its constants, log sigma = softclip(0), so sigma = exp(softplus(6) - 6) = 1.0025, "
            "+ sum of KL: beta = 1 at this variance (1.005 if the same squares are taken for those of variance 1)",
            beta=1,
            checked=True,
        ),
        Case(
            "sigma_vae",
            step("sigma_vae"),
            "PROVED",
            "Gaussian NLL with one learned log sigma, softly clipped, + sum of KL",
            beta=1,
            checked=True,
        ),
        Case(
            "optimal_sigma_vae",
            step("optimal_sigma_vae"),
            "OTHER",
            "Gaussian NLL at the batch's own root mean square error: the maximum over sigma, an ELBO with a shared "
            "sigma chosen by the batch",
        ),
    ),
)
