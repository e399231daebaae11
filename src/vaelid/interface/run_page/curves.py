"""The training curves: one SVG per term, NLL and KL apart, labels on the curves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from vaelid.interface.html.numbers import counted, formatted
from vaelid.interface.run_page.drawing import tenths, tick_places, ticks

__all__ = ["Curve", "frame_of", "outside", "plot"]

WIDTH, HEIGHT, TOP, BOTTOM, RIGHT = 470.0, 250.0, 26.0, 214.0, 458.0
LETTER = 9.5
"""Width of a letter of a tick label, on a phone, where it is largest."""
LABEL_LETTER = 8.5

_Label = tuple[float, float, float]
"""The middle of a label and half of its width."""
_Line = list[tuple[float, float] | None]


@dataclass(frozen=True)
class Curve:
    """One value for each epoch, from epoch 1. The main curve is drawn solid."""

    name: str
    values: tuple[float, ...]
    main: bool


def frame_of(curves: Sequence[Curve]) -> tuple[float, float]:
    """The least and greatest value to show: all, unless the first tenth of the epochs lies far outside the rest."""
    finite = [v for curve in curves for v in curve.values if math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    epochs = len(curves[0].values)
    late = [v for curve in curves for v in curve.values[epochs // 10 :] if math.isfinite(v)] or finite
    low, high = min(late), max(late)
    room = high - low
    low = min(finite) if min(finite) >= low - room else low - 0.25 * room
    high = max(finite) if max(finite) <= high + room else high + 0.25 * room
    margin = 0.08 * (high - low) if high > low else 0.1 * abs(high) or 0.1
    floor = 0.0 if min(finite) >= 0 else -math.inf
    return max(floor, low - margin), high + margin


def outside(curves: Sequence[Curve]) -> int:
    """The number of epochs some of whose values lie outside the frame, or are not finite."""
    low, high = frame_of(curves)
    return sum(
        not all(low <= value <= high for value in values)
        for values in zip(*(curve.values for curve in curves), strict=True)
    )


class _Axes:
    """From (epoch, value) to the drawing's units."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        self.epochs = len(curves[0].values)
        self.low, self.high = frame_of(curves)
        self.values = ticks(self.low, self.high)
        decimals = tick_places(self.values)
        self.names = [formatted(value, decimals) for value in self.values]
        self.left = 10 + LETTER * max(map(len, self.names))

    def x(self, epoch: float) -> float:
        return self.left + epoch / self.epochs * (RIGHT - self.left)

    def y(self, value: float) -> float:
        return BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP)

    def points(self, curve: Curve) -> _Line:
        """A point for each epoch, None where the value is not finite; far outside it stays near the frame."""
        reach = 10 * (BOTTOM - TOP)
        return [
            (self.x(epoch), min(reach, max(-reach, self.y(value)))) if math.isfinite(value) else None
            for epoch, value in enumerate(curve.values, start=1)
        ]


def _grid(axes: _Axes) -> str:
    lines = [
        f'<path class="grid" d="M{tenths(axes.left)} {tenths(axes.y(value))}H{RIGHT:g}"/>'
        f'<text x="{tenths(axes.left - 7)}" y="{tenths(axes.y(value) + 4)}" text-anchor="end">{name}</text>'
        for value, name in zip(axes.values, axes.names, strict=True)
    ]
    inner = [t for t in ticks(0, axes.epochs) if t == int(t) and t < 0.72 * axes.epochs]
    for epoch in inner:
        lines.append(f'<text x="{tenths(axes.x(epoch))}" y="232" text-anchor="middle">{int(epoch):,}</text>')
    lines.append(f'<text x="{RIGHT:g}" y="232" text-anchor="end">{counted(axes.epochs, "epoch")}</text>')
    return "".join(lines)


def _line(points: _Line, main: bool) -> str:
    kind = " main" if main else ""
    path, pen_down = [], False
    for point in points:
        if point is not None:
            path.append(f"{'L' if pen_down else 'M'}{tenths(point[0])} {tenths(point[1])}")
        pen_down = point is not None
    line = f'<path class="curve{kind}" d="{"".join(path)}"/>'
    few = [point for point in points if point is not None] if len(points) <= 3 else []
    return line + "".join(f'<circle class="spot{kind}" cx="{tenths(x)}" cy="{tenths(y)}" r="4"/>' for x, y in few)


def _label_place(index: int, text: str, lines: list[_Line], taken: list[_Label], axes: _Axes) -> _Label:
    """Where the curve's name goes: above all curves where it is the upper one there, else below them.

    Of a few places, the one with room where the curves lie furthest apart.
    """
    half = LABEL_LETTER / 2 * len(text)
    best, place = -math.inf, (axes.left + half, TOP + 12, half)
    for share in (0.8, 0.67, 0.54, 0.41, 0.28, 1.0):
        x = min(RIGHT - half, axes.left + share * (RIGHT - axes.left))
        near = [[p[1] for p in line if p is not None and abs(p[0] - x) <= half + 12] for line in lines]
        if not near[index]:
            continue
        own, others = fmean(near[index]), [fmean(ys) for i, ys in enumerate(near) if i != index and ys]
        above = all(own <= other for other in others)
        y = min(min(ys) for ys in near if ys) - 10 if above else max(max(ys) for ys in near if ys) + 20
        miss = max(TOP + 12 - y, y - (BOTTOM - 4), 0.0)
        y = min(BOTTOM - 4, max(TOP + 12, y))
        hits = any(abs(x - x2) < half + half2 + 8 and abs(y - y2) < 18 for x2, y2, half2 in taken)
        score = min([24.0, *(abs(own - other) for other in others)]) - 10 * miss - 1000 * hits
        if score > best:
            best, place = score, (x, y, half)
    return place


def _labels(curves: Sequence[Curve], lines: list[_Line], axes: _Axes) -> str:
    taken: list[_Label] = []
    parts = []
    for index, curve in enumerate(curves):
        if any(point is not None for point in lines[index]):
            taken.append(_label_place(index, curve.name, lines, taken, axes))
            x, y, _ = taken[-1]
            kind = "main" if curve.main else ""
            parts.append(
                f'<text class="{kind}" x="{tenths(x)}" y="{tenths(y)}" text-anchor="middle">{curve.name}</text>'
            )
    return "".join(parts)


def plot(identity: str, title: str, curves: Sequence[Curve], kept: int | None) -> str:
    """The SVG of the curves; a ring marks epoch `kept` on the main curve."""
    axes = _Axes(curves)
    lines = [axes.points(curve) for curve in curves]
    main = next(index for index, curve in enumerate(curves) if curve.main)
    body = [_line(points, curve.main) for points, curve in zip(lines, curves, strict=True)]
    if kept is not None and (point := lines[main][kept - 1]) is not None:
        body.append(f'<circle class="ring" cx="{tenths(point[0])}" cy="{tenths(point[1])}" r="4.5"/>')
    last = ", ".join(f"{curve.name} {formatted(curve.values[-1])}" for curve in curves)
    return (
        f'<svg id="{identity}" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-label="{title} against epoch. Last epoch: {last} nats.">'
        f'<clipPath id="{identity}-frame"><rect x="{tenths(axes.left - 6)}" y="{TOP - 6:g}" '
        f'width="{tenths(RIGHT - axes.left + 12)}" height="{BOTTOM - TOP + 12:g}"/></clipPath>'
        f'<text class="b" x="{tenths(axes.left)}" y="14">{title}</text>{_grid(axes)}'
        f'<g clip-path="url(#{identity}-frame)">{"".join(body)}</g>{_labels(curves, lines, axes)}</svg>'
    )
