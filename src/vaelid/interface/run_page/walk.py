"""The plane of the latent space that is walked, as data: nodes in bytes, classes of points, a scale."""

import base64
import json
from dataclasses import dataclass

import numpy as np

from vaelid.interface.run_page.content import RunReport
from vaelid.interface.run_page.pictures import PictureKind, as_bytes, picture_kind, zero_byte

__all__ = ["Classes", "Walk", "class_rules", "walk_of"]

MOST_FILTERS = 12
MOST_BYTES = 2**20
"""Of the grid of decoded observations, before base64; a finer grid is thinned."""
SIZE, MARGIN = 480.0, 14.0


@dataclass(frozen=True)
class Classes:
    """What is drawn for each class: its name where all are short, else a number that the buttons explain."""

    names: tuple[str, ...]
    of_point: np.ndarray

    @staticmethod
    def of(labels: np.ndarray) -> "Classes":
        """The classes of these labels, in order."""
        found, of_point = np.unique(labels, return_inverse=True)
        names = tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in found.tolist())
        return Classes(names, of_point)

    @property
    def are_short(self) -> bool:
        """Whether the names themselves fit on the map."""
        return max(map(len, self.names)) <= 2

    @property
    def are_few(self) -> bool:
        """Whether each has its own colour and button."""
        return len(self.names) <= MOST_FILTERS

    def mark(self, index: int) -> str:
        """What is written at a point of this class."""
        return self.names[index] if self.are_short else str(index)


@dataclass(frozen=True)
class Walk:
    """The plane that is walked: nodes (rows, columns, D) of bytes, and how latents lie on the drawing."""

    axes: tuple[int, ...]
    kind: PictureKind
    obs: tuple[int, ...]
    limit: float
    nodes: np.ndarray
    zero: int | None
    start: tuple[float, ...]

    @property
    def is_line(self) -> bool:
        """Whether there is one latent coordinate only."""
        return len(self.axes) == 1

    @property
    def unit(self) -> float:
        """Units of the drawing in one unit of a latent coordinate."""
        return (SIZE / 2 - MARGIN) / (self.limit * 16 / 15)

    @property
    def centre(self) -> tuple[float, float]:
        """Where the origin of the latent plane lies on the drawing."""
        return SIZE / 2, 216.0 if self.is_line else SIZE / 2

    @property
    def height(self) -> float:
        """The drawing's height."""
        return 266.0 if self.is_line else SIZE

    def json(self) -> str:
        """What the script of the page reads."""
        rows, columns = self.nodes.shape[:2]
        shape = (1, 1, self.nodes.shape[2]) if self.kind == "profile" else (1, *self.obs)[-3:]
        facts = {
            "kind": self.kind,
            "nodes": [columns, rows],
            "obs": list(shape),
            "limit": self.limit,
            "centre": self.centre,
            "unit": [self.unit, 0 if self.is_line else self.unit],
            "start": [*self.start, 0][:2],
            "zero": self.zero,
            "grid": base64.b64encode(self.nodes.tobytes()).decode(),
        }
        return json.dumps(facts)


def walk_of(report: RunReport, obs: tuple[int, ...]) -> Walk:
    """The report's grid as bytes, thinned to what a page can carry; it starts at the first posterior mean."""
    grid, pictures = report.grid, report.pictures
    is_line = grid.axes[0] == grid.axes[1]
    images = grid.images
    if is_line:
        along = np.arange(images.shape[0])
        images = images[along, along][None]
    rows, columns = images.shape[:2]
    images = images.reshape(rows, columns, -1)
    per_axis = 1 if is_line else 2
    steps = [step for step in range(1, columns) if (columns - 1) % step == 0]
    fits = [s for s in steps if ((columns - 1) // s + 1) ** per_axis * images.shape[2] <= MOST_BYTES]
    step = min(fits, default=steps[-1])
    axes = grid.axes[:per_axis]
    start = np.clip(report.means[0, list(axes)], -grid.limit, grid.limit)
    return Walk(
        axes=axes,
        kind=picture_kind(obs),
        obs=obs,
        limit=float(grid.limit),
        nodes=as_bytes(images[::step, ::step], pictures.low, pictures.high),
        zero=zero_byte(pictures.low, pictures.high),
        start=tuple(round(float(value), 4) for value in start),
    )


def class_rules(classes: Classes | None) -> str:
    """The style rules of the classes: hues evenly round the circle, at a lightness that the theme sets."""
    if classes is None or not classes.are_few:
        return ""
    rules = []
    for index in range(len(classes.names)):
        colour = f"oklch(var(--hue-light) var(--hue-chroma) {25 + 360 * index / len(classes.names):.0f})"
        rules.append(f".c{index} {{ fill: {colour}; color: {colour}; }}")
    return "\n".join(rules)
