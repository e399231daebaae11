"""The walk through the latent space, drawn: a map of posterior means beside the decoder."""

from html import escape

import numpy as np

from vaelid.interface.html.numbers import counted, plain
from vaelid.interface.run_page.content import RunReport
from vaelid.interface.run_page.drawing import latent, latent_svg, tenths
from vaelid.interface.run_page.pictures import image_element, planes, profile
from vaelid.interface.run_page.walk import SIZE, Classes, Walk

__all__ = ["walk_section"]

MOST_POINTS = 600
DOT_PITCH = 12.0
PLANE_NODES = (7, 9, 5, 6, 8, 4, 3, 2)


def _ground(walk: Walk) -> str:
    """The prior's standard deviations: rings on a plane, ticks on a line."""
    cx, cy = walk.centre
    parts = [f'<rect class="ground" width="{SIZE:g}" height="{walk.height:g}"/>']
    for reach in (sigma * walk.unit for sigma in range(1, int(walk.limit) + 1)):
        if walk.is_line:
            parts += [f'<path class="prior" d="M{tenths(x)} 10V{cy:g}"/>' for x in (cx - reach, cx + reach)]
        else:
            parts.append(f'<circle class="prior" cx="{cx:g}" cy="{cy:g}" r="{tenths(reach)}"/>')
    if walk.is_line:
        parts.append(f'<path class="prior" d="M0 {cy:g}H{SIZE:g}"/>')
    return "".join(parts)


def _sigmas(walk: Walk) -> str:
    """The names of the rings or ticks, over the points."""
    (cx, cy), parts = walk.centre, []
    for sigma in range(1, int(walk.limit) + 1):
        reach = sigma * walk.unit
        if walk.is_line:
            places = [(cx - reach, cy + 20, f"−{sigma}σ"), (cx + reach, cy + 20, f"{sigma}σ")]
        else:
            places = [(cx - 0.765 * reach, cy + 0.765 * reach + 8, f"{sigma}σ")]
        for x, y, name in places:
            parts.append(f'<text class="sigma" x="{tenths(x)}" y="{tenths(y)}" text-anchor="middle">{name}</text>')
    return "".join(parts)


def _places(walk: Walk, means: np.ndarray) -> np.ndarray:
    """Where the points lie on the drawing; on a line they are piled into columns."""
    cx, cy = walk.centre
    across = cx + walk.unit * means[:, walk.axes[0]]
    if not walk.is_line:
        return np.stack([across, cy - walk.unit * means[:, walk.axes[1]]], axis=1)
    column = np.floor(across / DOT_PITCH).astype(int)
    level = np.array([int((column[:i] == column[i]).sum()) for i in range(len(column))])
    rise = min(DOT_PITCH, (cy - 24) / max(1, level.max() + 1))
    return np.stack([(column + 0.5) * DOT_PITCH, cy - 9 - rise * level], axis=1)


def _points(walk: Walk, places: np.ndarray, classes: Classes | None) -> str:
    parts = []
    for index, (x, y) in enumerate(places):
        if classes is None or not (classes.are_few or classes.are_short):
            parts.append(f'<circle class="d dot" cx="{x:.0f}" cy="{y:.0f}" r="3"/>')
        else:
            kind = int(classes.of_point[index])
            colour = f" c{kind}" if classes.are_few else ""
            mark = escape(classes.mark(kind))
            parts.append(f'<text class="d{colour}" x="{x:.0f}" y="{y + 5:.0f}">{mark}</text>')
    return "".join(parts)


def _cross(walk: Walk) -> str:
    path = "M0 -206V-6M0 6V14" if walk.is_line else "M-15 0H-5M5 0H15M0 -15V-5M0 5V15"
    strokes = f'<path d="{path}"/><circle r="5"/>'
    return f'<g id="cross"><g class="under">{strokes}</g>{strokes}</g>'


def _names(walk: Walk) -> str:
    cx, cy = walk.centre
    down = cy + 42 if walk.is_line else cy - 6
    across = f'<text x="472" y="{down:g}" text-anchor="end">{latent_svg(walk.axes[0])}<tspan dy="-3"> →</tspan></text>'
    if walk.is_line:
        return across
    up = f'{latent_svg(walk.axes[1])}<tspan dy="-3"> ↑</tspan>'
    return across + f'<text x="{cx - 8:g}" y="16" text-anchor="end">{up}</text>'


def _map(report: RunReport, walk: Walk, classes: Classes | None, kind_of_rows: str) -> str:
    means = report.means[:MOST_POINTS]
    inside = (np.abs(means[:, list(walk.axes)]) <= walk.limit * 16 / 15).all(axis=1)
    shown_classes = classes and Classes(classes.names, classes.of_point[:MOST_POINTS][inside])
    points = _points(walk, _places(walk, means[inside]), shown_classes) if inside.any() else ""
    on = " and ".join(latent(axis) for axis in walk.axes)
    words = (
        f"Latent map: posterior means of {kind_of_rows} observations on {on}. Arrow keys move the cross, Home "
        "brings it to the origin; the decoded observation follows."
    )
    marked = classes is not None and (classes.are_few or classes.are_short)
    if marked:
        caption = f"Each mark is the posterior mean of a {kind_of_rows} observation, drawn as its class."
    else:
        caption = f"Each dot is the posterior mean of a {kind_of_rows} observation."
    if len(report.means) > MOST_POINTS:
        caption += f" The first {MOST_POINTS} of {len(report.means):,} are shown."
    if not inside.all():
        caption += f" {counted(int((~inside).sum()), 'lies', 'lie')} outside the map."
    if walk.is_line:
        caption += " They are piled where they would overlap. Ticks: standard deviations of the prior."
    else:
        caption += " Rings: standard deviations of the prior."
    kl = [estimate.mean for estimate in report.evaluation.kl_per_dimension]
    largest = sorted(range(len(kl)), key=kl.__getitem__, reverse=True)[:2]
    if not walk.is_line and set(walk.axes) == set(largest):
        caption += f" {latent(largest[0])} and {latent(largest[1])} carry the most KL."
    drawing = f'{_ground(walk)}<g id="points">{points}</g>{_sigmas(walk)}{_names(walk)}{_cross(walk)}'
    return (
        f'<figure><svg id="map" viewBox="0 0 {SIZE:g} {walk.height:g}" tabindex="0" role="application" '
        f'aria-label="{words}">{drawing}</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _decoder(walk: Walk, others: int) -> str:
    if walk.kind == "profile":
        width, height = 384, 256
    else:
        height, width = walk.obs[-2:]
    look = {"ink": "ink sharp", "colour": "sharp", "profile": "ink profile"}[walk.kind]
    at = latent(walk.axes[0]) if walk.is_line else f"({', '.join(latent(axis) for axis in walk.axes)})"
    rest = f" The other {others} coordinates are 0." if others > 1 else " The other coordinate is 0." if others else ""
    return (
        f'<figure class="decoder"><canvas id="dec" class="{look}" width="{width}" height="{height}" role="img" '
        f'aria-label="decoded observation"></canvas><figcaption>decoded at {at} = <output id="pos" class="num">'
        '</output><br><span class="noprint">Move over the map, by mouse or finger, or focus it and use the arrow '
        f"keys.</span>{rest}</figcaption></figure>"
    )


def _filters(classes: Classes | None) -> str:
    if classes is None or not classes.are_few:
        return ""
    buttons = []
    for index, name in enumerate(classes.names):
        mark = f'<span class="c{index}">{escape(classes.mark(index))}</span>'
        words = mark if classes.are_short else f"{mark} {escape(name)}"
        buttons.append(f'<button type="button" data-of="c{index}" aria-pressed="false">{words}</button>')
    return f'<div role="group" aria-label="Show one class" class="classes noprint">{"".join(buttons)}</div>'


def _plane(walk: Walk) -> str:
    """A few nodes of the grid as pictures, the second coordinate upwards."""
    columns = walk.nodes.shape[1]
    wanted = next((n for n in PLANE_NODES if n <= columns and (columns - 1) % (n - 1) == 0), 2)
    if wanted < 5 <= columns:
        wanted = min(7, columns)
    picked = np.rint(np.linspace(0, columns - 1, wanted)).astype(int)
    chosen = walk.nodes[:, picked] if walk.is_line else walk.nodes[picked][::-1][:, picked]
    number_of = chosen.shape[0] * chosen.shape[1]
    low, high = plain(-walk.limit), plain(walk.limit)
    where = "line" if walk.is_line else "plane"
    words = f"{number_of} decoded observations over the same {where}, from {low} to {high}"
    if walk.kind == "profile":
        lines = chosen.reshape(number_of, -1)
        plots = "".join(profile({"data": line}, walk.zero, "decoded") for line in lines)
        body = f'<div class="profiles small" style="--columns:{wanted}" role="img" aria-label="{words}">{plots}</div>'
    else:
        body = image_element(planes(chosen, walk.obs), wanted, walk.kind, words, "plane")
    return f"<figure>{body}<figcaption>The same {where} at {number_of} points, {low} to {high}.</figcaption></figure>"


def walk_section(report: RunReport, walk: Walk, classes: Classes | None, kind_of_rows: str) -> str:
    """The section of the page."""
    others = len(report.evaluation.kl_per_dimension) - len(walk.axes)
    side = _decoder(walk, others) + _filters(classes) + _plane(walk)
    return (
        '<section aria-labelledby="walk"><h2 id="walk" class="wide">Walk through the latent space</h2>'
        f'<div class="wide walk">{_map(report, walk, classes, kind_of_rows)}<div>{side}</div></div></section>'
    )
