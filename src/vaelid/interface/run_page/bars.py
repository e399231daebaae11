"""The KL of each latent coordinate, as sorted bars."""

import math

from vaelid.interface.html.numbers import counted, formatted
from vaelid.interface.run_page.content import RunReport
from vaelid.interface.run_page.drawing import latent, latent_svg, tenths, tick_places, ticks
from vaelid.interface.run_page.estimates import rounded
from vaelid.train.evaluation import ACTIVE_VARIANCE, Estimate

__all__ = ["kl_section"]

MOST_BARS = 40
LEAST_AXIS = 0.1
"""The axis is at least this long, in nats: noise of a collapsed code must not look like bars."""
LEFT, RIGHT, PITCH = 64.0, 372.0, 18.0


def _active(report: RunReport, index: int) -> bool:
    return report.evaluation.mean_variance[index] > ACTIVE_VARIANCE


def _bar(report: RunReport, index: int, row: int, scale: float, decimals: int) -> str:
    estimate, top = report.evaluation.kl_per_dimension[index], 8 + PITCH * row
    active = _active(report, index)
    end = LEFT + scale * max(0.0, estimate.mean)
    tip = end
    parts = [
        f'<text x="54" y="{top + 10:g}" text-anchor="end">{latent_svg(index)}</text>',
        f'<rect class="{"used" if active else "unused"}" x="{LEFT:g}" y="{top:g}" '
        f'width="{tenths(max(1.0, end - LEFT))}" height="12"/>',
    ]
    if math.isfinite(estimate.standard_error) and (half := scale * estimate.standard_error) >= 0.5:
        tip = end + half
        parts.append(f'<path class="error" d="M{tenths(max(LEFT, end - half))} {top + 6:g}H{tenths(tip)}"/>')
    words = formatted(estimate.mean, decimals) + ("" if active else " inactive")
    parts.append(f'<text x="{tenths(tip + 6)}" y="{top + 10:g}">{words}</text>')
    return "".join(parts)


def _axis(longest: float, scale: float, bottom: float) -> str:
    values = ticks(0, longest, 4)
    decimals = tick_places(values)
    lines = []
    for value in values:
        x, name = tenths(LEFT + scale * value), formatted(value, decimals)
        lines.append(f'<path class="grid" d="M{x} 4V{bottom:g}"/>')
        lines.append(f'<text x="{x}" y="{bottom + 16:g}" text-anchor="middle">{name}</text>')
    return "".join(lines) + f'<text x="472" y="{bottom + 16:g}" text-anchor="end">nats</text>'


def _concentration(means: list[float]) -> str:
    """How few coordinates hold nearly all of the KL; `means` falls."""
    total, held = sum(means), 0.0
    if not total > 0:
        return ""
    for number_of, value in enumerate(means, start=1):
        held += value
        if number_of > 0.75 * len(means):
            return ""
        if held >= 0.95 * total:
            verb = "coordinate holds" if number_of == 1 else "coordinates hold"
            return f" {number_of} {verb} {min(100, math.floor(100 * held / total))} % of the KL."
    return ""


def _error_words(estimates: tuple[Estimate, ...]) -> str:
    if any(math.isfinite(e.standard_error) and e.standard_error > 0 for e in estimates):
        return " The stroke at the tip is ± one standard error."
    return ""


def kl_section(report: RunReport) -> str:
    """The section of the page: bars, the greatest first, inactive ones outlined."""
    evaluation = report.evaluation
    estimates = evaluation.kl_per_dimension
    order = sorted(range(len(estimates)), key=lambda index: -estimates[index].mean)
    drawn, left = order[:MOST_BARS], order[MOST_BARS:]
    longest = max(LEAST_AXIS, *(e.mean + (e.standard_error if e.standard_error > 0 else 0) for e in estimates))
    scale = (RIGHT - LEFT) / longest
    decimals = 2 + max(0, -math.floor(math.log10(longest)))
    bottom = 10 + PITCH * len(drawn)
    bars = "".join(_bar(report, index, row, scale, decimals) for row, index in enumerate(drawn))
    values = ", ".join(f"{latent(index)}: {formatted(estimates[index].mean, decimals)}" for index in drawn)
    caption = f"KL of each coordinate in nats, mean over observations.{_error_words(estimates)}"
    if left:
        greatest, total = estimates[left[0]].mean, sum(estimates[index].mean for index in left)
        caption += (
            f" {counted(len(left), 'coordinate')} more, none above {formatted(greatest, decimals)} nats and "
            f"{formatted(total, decimals)} together, {'is' if len(left) == 1 else 'are'} left out."
        )
    active = evaluation.active_units
    outlined = "" if active == len(estimates) else " Outlined bars are inactive: the posterior mean hardly moves."
    return (
        f'<section aria-labelledby="kl"><h2 id="kl">Where the {rounded(evaluation.kl)} nats of KL go</h2>'
        f'<p class="note"><b>Active</b> means that the posterior mean moves with the observation: its variance over '
        f"the data exceeds {ACTIVE_VARIANCE:g} (Burda et al., 2016).{outlined}"
        f"{_concentration([estimates[index].mean for index in order])}</p>"
        f'<figure class="bars"><svg id="kl-bars" viewBox="0 0 480 {bottom + 26:g}" role="img" '
        f'aria-label="KL of each latent coordinate in nats, sorted: {values}">'
        f"{_axis(longest, scale, bottom)}{bars}</svg><figcaption>{caption}</figcaption></figure></section>"
    )
