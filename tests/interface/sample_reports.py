"""Reports of small real runs, one for each kind of page: trained, evaluated and gathered as a user's are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from sklearn.datasets import load_digits, load_sample_images, load_wine

from vaelid.interface.collect import collect_report
from vaelid.interface.data import load_data
from vaelid.interface.fit import train
from vaelid.interface.run_page import RunReport
from vaelid.interface.runs import Run
from vaelid.train.model import VAE
from vaelid.train.recipe import Recipe

Arrays = dict[str, np.ndarray]


def digits(rows: int = 500) -> Arrays:
    images, labels = load_digits(return_X_y=True)
    return {"x": images[:rows].reshape(-1, 1, 8, 8), "y": labels[:rows]}


def wine() -> Arrays:
    data = load_wine()
    return {"x": (data.data - data.data.mean(0)) / data.data.std(0), "y": data.target_names[data.target]}


def patches() -> Arrays:
    """400 patches of 12 x 12 pixels and 3 channels from scikit-learn's two photographs."""
    rng = np.random.default_rng(0)
    photographs = load_sample_images().images
    corners = rng.integers(0, [415, 628], (400, 2))
    patch = [photographs[i % 2][r : r + 12, c : c + 12].transpose(2, 0, 1) for i, (r, c) in enumerate(corners)]
    return {"x": np.stack(patch) / 255.0}


@dataclass(frozen=True)
class Small:
    """A run that is trained in about a second."""

    data: Callable[[], Arrays]
    recipe: Recipe
    latent: int
    likelihood: str
    hidden: tuple[int, ...] = (32,)
    arch: str = "mlp"
    labelled: bool = True

    def report(self, folder: Path) -> RunReport:
        """Train and gather in `folder`."""
        arrays = self.data()
        if not self.labelled:
            arrays.pop("y", None)
        np.savez(folder / "data.npz", **arrays)
        data = load_data(folder / "data.npz")
        model = VAE(
            obs=data.x.shape[1:],
            latent=self.latent,
            hidden=self.hidden,
            likelihood=self.likelihood,
            arch=self.arch,
            seed=0,
        )
        train(model, data, self.recipe, folder=Run(folder / "run"), progress=False, command="vaelid train data.npz")
        return collect_report(folder / "run", draws=16)


SMALL = {
    "digits": Small(digits, Recipe(epochs=8, batch_size=50, test=0.2, kl_warmup=2), 6, "binomial:16"),
    "vectors": Small(
        wine,
        Recipe(epochs=12, batch_size=32, learning_rate=1e-2, validation=0.2, expectation="exact"),
        latent=3,
        likelihood="gaussian",
        hidden=(),
    ),
    "collapsed": Small(digits, Recipe(epochs=8, batch_size=50, beta=1000.0, test=0.1), 4, "binomial:16"),
    "line": Small(digits, Recipe(epochs=8, batch_size=50, test=0.1), 1, "binomial:16"),
    "vector line": Small(wine, Recipe(epochs=5, batch_size=32), 1, "gaussian", labelled=False),
    "colour": Small(
        patches,
        Recipe(epochs=4, batch_size=40, learning_rate=1e-2, test=0.1, schedule="cosine"),
        latent=4,
        likelihood="gaussian",
        hidden=(8, 8),
        arch="conv",
    ),
    "one epoch": Small(digits, Recipe(epochs=1, batch_size=50, validation=0.0), 45, "binomial:16", labelled=False),
}


@cache
def small_report(name: str) -> RunReport:
    """The report of that run, trained once for all tests."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny networks: threads would only wait for each other on a busy machine
    try:
        with TemporaryDirectory() as folder:
            return SMALL[name].report(Path(folder))
    finally:
        torch.set_num_threads(threads)
