"""What a run's report shows, as plain data: the page is a pure function of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vaelid.interface.objective import AuditedLoss
from vaelid.train.evaluation import Evaluation

__all__ = ["LatentGrid", "Pictures", "RunReport"]


@dataclass(frozen=True)
class LatentGrid:
    """Decoded means over the square [-limit, limit]^2 of two latent coordinates; the others are 0.

    `images` is (G, G, *obs), in the data's units, and `images[row, column]` lies at
    (first = -limit + column * step, second = -limit + row * step). With one latent coordinate `axes` names it
    twice and the diagonal is shown, where first = second.
    """

    axes: tuple[int, int]
    limit: float
    images: np.ndarray


@dataclass(frozen=True)
class Pictures:
    """Observations, in the data's units: (n, *obs). None of them is chosen by how it looks.

    Attributes:
        originals: the first of the evaluated observations; ten fill a row.
        reconstructions: `reconstructions[i]` is E[x|z] for one draw z of the posterior of originals[i]; for
            `categorical` the most probable class.
        nll: the reconstruction NLL of each original at that z, in nats.
        samples: the same for z ~ N(0, I).
        low: the value of the palest shade.
        high: the value of the darkest shade.
        of_each_class: whether `originals` are the first of each class instead.
    """

    originals: np.ndarray
    reconstructions: np.ndarray
    nll: np.ndarray
    samples: np.ndarray
    low: float
    high: float
    of_each_class: bool = False


@dataclass(frozen=True)
class RunReport:
    """All that the page shows.

    Attributes:
        name: what the user calls the run: its folder.
        seconds: how long training took.
        config: the contents of `config.json`.
        history: the training log: a record for each epoch.
        evaluated: which rows `evaluation` is of: "test", "validation" or "training".
        evaluation: the figures of the page.
        training: the same on a sample of the training rows.
        objective: what an audit says of the loss that was minimised.
        independent: the cost in nats of coding each coordinate on its own, by its training frequencies, under
            the same likelihood family; None where that is not defined.
        pictures: observations, reconstructions and samples.
        means: posterior means (n, L) of the evaluated observations.
        labels: the classes of these observations (n,), where known.
        grid: the decoder over a plane of the latent space.
    """

    name: str
    seconds: float
    config: dict[str, Any]
    history: tuple[dict[str, Any], ...]
    evaluated: str
    evaluation: Evaluation
    training: Evaluation
    objective: AuditedLoss
    independent: float | None
    pictures: Pictures
    means: np.ndarray
    labels: np.ndarray | None
    grid: LatentGrid
