"""What a run's report shows, as plain data: the page is a pure function of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vaelid.train.evaluation import Evaluation

__all__ = ["LatentGrid", "Pictures", "RunReport"]


@dataclass(frozen=True)
class LatentGrid:
    """Decoded means over the square [-limit, limit]^2 of two latent coordinates; the others are 0.

    `images[row, column]` lies at (first = -limit + column * step, second = -limit + row * step).
    """

    axes: tuple[int, int]
    limit: float
    images: np.ndarray


@dataclass(frozen=True)
class Pictures:
    """Observations, in the data's units: (n, *obs). `reconstructions[i]` is the mean decoded from originals[i].

    `low` and `high` are the least and greatest value of the data, for the grey scale. `nll` is the
    reconstruction NLL of each original, in nats.
    """

    originals: np.ndarray
    reconstructions: np.ndarray
    nll: np.ndarray
    samples: np.ndarray
    low: float
    high: float


@dataclass(frozen=True)
class RunReport:
    """All that the page shows.

    Attributes:
        name: what the user calls the run: its folder.
        seconds: how long training took.
        config: the contents of `config.json`.
        history: the training log: a record for each epoch.
        evaluation: on `evaluated`: "test", "validation" or "training" rows.
        training: the same on a sample of the training rows.
        independent: the cost in nats of coding each coordinate on its own, by its training frequencies, under
            the same likelihood family; None where that is not defined.
        means: posterior means (n, L) of evaluated observations; `labels` their classes, where known.
    """

    name: str
    seconds: float
    config: dict[str, Any]
    history: tuple[dict[str, Any], ...]
    evaluated: str
    evaluation: Evaluation
    training: Evaluation
    independent: float | None
    pictures: Pictures
    means: np.ndarray
    labels: np.ndarray | None
    grid: LatentGrid
