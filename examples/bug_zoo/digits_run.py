"""What the files of the zoo share: the digits, a VAE without a bug, its training, and what its ELBO truly is.

A file of the zoo says ``# wrong`` at the end of each wrong line and ``# mend:`` before each line that belongs there
instead. So one text is two programs, which differ in these lines only: `load` runs either.
"""

import linecache
import math
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

HERE = Path(__file__).parent
PIXELS, LATENT, HIDDEN = 64, 8, 128
BATCH, EPOCHS, LEARNING_RATE = 32, 30, 2e-3
DRAWS, ACTIVE = 64, 0.01

torch.set_num_threads(1)
_shuffled = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
_pixels = torch.tensor(load_digits().data, dtype=torch.float32)[_shuffled]
grey, grey_test = (_pixels / 16).split((1437, 360))
"""8x8 digits, (rows, 64), in [0, 1]; the last fifth of the shuffled rows is held out."""
binary, binary_test = ((_pixels > 8).float()).split((1437, 360))
"""The same, each pixel 0 or 1."""


class VAE(nn.Module):
    """64 pixels, 128 hidden units, 8 latents, and back."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, PIXELS))
        self.log_variance = nn.Parameter(torch.tensor(-3.0))  # of a pixel; Gaussian files learn it when mended

    def encode(self, x):
        """mu and logvar of q(z|x), each (rows, 8)."""
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        """A logit for each pixel, (rows, 64)."""
        return self.decoder(z)


def mend(text):
    """The text with its wrong lines blank and its mends in force; no other line moves."""
    text = re.sub(r"^.*# wrong$", "", text, flags=re.MULTILINE)
    return re.sub(r"^( *)# mend: ", r"\1", text, flags=re.MULTILINE)


def program(name, mended=False):
    """The text of a file of the zoo, as written or mended."""
    text = (HERE / f"{name}.py").read_text()
    return mend(text) if mended else text


def load(name, mended=False, seed=0):
    """The file of that name, run anew: its module, with the weights of that seed."""
    text, path = program(name, mended), HERE / f"{name}.py"
    if mended:
        path = path.with_stem(f"{name}_mended")
        linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    module = ModuleType(name)
    module.__file__ = str(path)
    torch.manual_seed(seed)
    np.random.seed(seed)
    exec(compile(text, str(path), "exec"), vars(module))
    return module


def train(step, parameters, rows, epochs=EPOCHS):
    """Adam on shuffled batches; false if the loss left the finite numbers."""
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, fused=True)
    for _ in range(epochs):
        for batch in rows[torch.randperm(len(rows))].split(BATCH):
            optimizer.zero_grad()
            loss = step(batch)
            if not torch.isfinite(loss):
                return False
            loss.backward()
            optimizer.step()
    return True


# The law that each z really follows in training, by its mean and standard deviation, where these are not mu and
# exp(logvar / 2). A sampler without a density (shared, frozen or no noise) is read as what its KL takes it for.
SAMPLED = {
    "uniform_noise": lambda mu, logvar: (mu + torch.exp(logvar / 2) / 2, torch.exp(logvar / 2) / math.sqrt(12)),
    "scaled_noise": lambda mu, logvar: (mu, 0.01 * torch.exp(logvar / 2)),
    "std_variance": lambda mu, logvar: (mu, torch.exp(logvar)),
    "clamp": lambda mu, logvar: (mu, torch.exp(logvar.clamp(-2, 2) / 2)),
}


@dataclass(frozen=True)
class Measured:
    """A trained program on held-out digits, in nats per image."""

    elbo: float
    kl: float
    active: int
    reported: float  # its own loss, in its own unit


def is_grey(module):
    """Whether a file is about grey digits."""
    return not torch.all((module.batch == 0) | (module.batch == 1))


def training_rows(module):
    """The rows that a file trains on."""
    return grey if is_grey(module) else binary


def logits(module, name, mended, z):
    """The logit of the mean of each pixel, as the program's loss reads its decoder."""
    decoded = module.model.decode(z)
    return torch.sigmoid(decoded) if name == "double_sigmoid" and not mended else decoded


@torch.no_grad()
def evaluate(module, name, mended):
    """The ELBO of a trained program, computed here and not by its file.

    q is the normal law with the mean and variance of the z that the program draws; the expectation is a mean of 64
    draws; the KL is exact. Pixels are Bernoulli, or, of grey digits, normal with the one variance that fits the
    training rows best: the kindest reading of a squared error.
    """
    torch.manual_seed(1)
    test = grey_test if is_grey(module) else binary_test
    own = getattr(module, "evaluation", module.step)
    reported = sum(own(batch).item() for batch in test[:352].split(BATCH)) / 11
    module.model.double()
    test, rows = test.double(), grey.double()
    sampled = SAMPLED.get(name) if not mended else None

    def posterior(x):
        mu, logvar = module.model.encode(x)
        return sampled(mu, logvar) if sampled else (mu, torch.exp(logvar / 2))

    def decoded(mean, std):
        return logits(module, name, mended, mean + std * torch.randn(DRAWS, *mean.shape, dtype=torch.float64))

    mean, std = posterior(test)
    if is_grey(module):
        variance = (torch.sigmoid(decoded(*posterior(rows))) - rows).square().mean()
        squares = (torch.sigmoid(decoded(mean, std)) - test) ** 2
        nll = (squares / variance + torch.log(2 * math.pi * variance)).sum(-1) / 2
    else:
        image = decoded(mean, std)
        nll = F.binary_cross_entropy_with_logits(image, test.expand_as(image), reduction="none").sum(-1)
    kl = ((mean**2 + std**2 - 1) / 2 - torch.log(std)).mean(0)
    return Measured((-nll.mean() - kl.sum()).item(), kl.sum().item(), int((kl > ACTIVE).sum()), reported)


def run(file):
    """Train the program of a file and its mend, and print what each is worth; a few seconds."""
    name = Path(file).stem
    for mended in (False, True):
        module = load(name, mended)
        finite = train(module.step, module.model.parameters(), training_rows(module))
        found = evaluate(module, name, mended)
        print(
            f"{'mended' if mended else 'as written':10}  ELBO {found.elbo:.1f} nats, KL {found.kl:.1f} nats, "
            f"{found.active} of {LATENT} latents active; its own loss: {found.reported:.4g}"
            f"{'' if finite else '; the training diverged'}"
        )
